import assert from 'node:assert/strict';
import { methodPath } from '@gorego/proto';
import {
  HealthCheckResponse_ServingStatus as Serving,
  HealthDefinition as service,
} from '@gorego/proto/grpc/health/v1/health';
import { absentDigest } from './blobs.ts';
import { encoded, type Reapi } from './reapi.ts';
import { asking, type ConformanceCase, offering, onlyStrict } from './suite.ts';

const assets = ['build.bazel.remote.asset.v1.Fetch', 'build.bazel.remote.asset.v1.Push'];
const served = [
  'build.bazel.remote.execution.v2.ActionCache',
  'build.bazel.remote.execution.v2.Capabilities',
  'build.bazel.remote.execution.v2.ContentAddressableStorage',
  'google.bytestream.ByteStream',
];

async function firstOf(api: Reapi, name: string): Promise<number> {
  const call = api.raw.bidi(methodPath(service, 'watch'));
  call.on('error', () => {});
  call.end(Buffer.from(encoded(service, 'watch', { service: name })));
  const message = await new Promise<Buffer>((resolve, reject) => {
    call.once('data', resolve);
    call.once('end', () => reject(new Error('the stream ended')));
  });
  await api.has(absentDigest()); // Time enough for the stream to end, if it would.
  assert(!call.readableEnded);
  call.cancel();
  return service.methods.watch.responseType.decode(message).status;
}

/** gRPC health checking. */
export const health: readonly ConformanceCase[] = [
  {
    name: 'says that it serves, as a whole and each service',
    obligations: ['HL-1'], // obligation: HL-1
    appliesTo: offering('health'),
    run: asking(async (api) => {
      for (const name of api.isStrict ? ['', ...served] : ['']) {
        assert.equal((await api.unary(service, 'check', { service: name })).status, Serving.SERVING);
        assert.equal(await firstOf(api, name), Serving.SERVING);
      }
    }),
  },
  {
    name: 'knows which services it has not got',
    obligations: ['HL-1'], // obligation: HL-1
    appliesTo: offering('health'),
    run: asking(async (api) => {
      for (const name of ['nonsense', 'x'.repeat(10_000)]) {
        await api.ends(api.unary(service, 'check', { service: name }), 'not_found');
        assert.equal(await firstOf(api, name), Serving.SERVICE_UNKNOWN);
      }
    }),
  },
  {
    name: 'lists all services',
    obligations: ['HL-1'], // obligation: HL-1
    appliesTo: onlyStrict,
    run: asking(async (api) => {
      const { statuses } = await api.unary(service, 'list', {});
      const names = statuses.keys().filter((name) => !name.startsWith('gorego.')); // What is behind it.
      const expected = ['', ...served, ...(api.subject.offers.includes('asset') ? assets : [])];
      assert.deepEqual(new Set(names), new Set(expected));
      for (const { status } of statuses.values()) assert.equal(status, Serving.SERVING);
    }),
  },
];
