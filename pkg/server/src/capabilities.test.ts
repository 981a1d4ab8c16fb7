import { background } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { methodPath } from '@gorego/proto';
import {
  type DeepPartial,
  DigestFunction_Value as Fn,
  GetCapabilitiesRequest,
  ServerCapabilities,
  CapabilitiesDefinition as service,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Route } from '@gorego/rpc';
import { MemoryActions, MemoryBlobs } from '@gorego/storage';
import { describe, expect, test } from '@jest/globals';
import { capabilities, type UpstreamCapabilities } from './capabilities.ts';
import { type Instances, validInstanceName } from './instances.ts';
import { batchBytesMax } from './limits.ts';
import { DigestFunctions } from './wire-digest.ts';

const instances: Instances = (name) => {
  if (name === 'unknown') throw new Failure('invalid_argument', 'no such instance');
  return { name: validInstanceName(name), blobs: new MemoryBlobs(), actions: new MemoryActions() };
};
const call = Object.assign(background(), { headers: { text: () => undefined, binary: () => undefined } });

async function ask(upstream?: UpstreamCapabilities, instanceName = ''): Promise<ServerCapabilities> {
  const routes = capabilities(instances, new DigestFunctions(['sha256']), upstream);
  const route = routes[methodPath(service, 'getCapabilities')] as Route & { kind: 'unary' };
  const request = GetCapabilitiesRequest.encode(GetCapabilitiesRequest.fromPartial({ instanceName })).finish();
  return ServerCapabilities.decode((await route.handle(call, request)) as Uint8Array);
}

const behind =
  (cacheCapabilities: DeepPartial<NonNullable<ServerCapabilities['cacheCapabilities']>>): UpstreamCapabilities =>
  async () =>
    ServerCapabilities.fromPartial({ cacheCapabilities });

describe('capabilities', () => {
  // obligation: CAP-12, CAP-13
  test('are its own while nothing is known of what is behind', async () => {
    const own = await ask();
    expect(own.cacheCapabilities).toMatchObject({
      digestFunctions: [Fn.SHA256],
      maxBatchTotalSizeBytes: batchBytesMax,
    });
    expect(await ask(async () => undefined)).toEqual(own);
    expect(await ask(async () => ServerCapabilities.fromPartial({}))).toEqual(own);
  });

  // obligation: CAP-13
  test('are what both this cache and the one behind it can do', async () => {
    const { cacheCapabilities } = await ask(
      behind({
        digestFunctions: [Fn.BLAKE3, Fn.SHA256],
        actionCacheUpdateCapabilities: { updateEnabled: false },
        maxCasBlobSizeBytes: 1_000_000,
        maxBatchTotalSizeBytes: 1000,
        supportedCompressors: [1],
      }),
    );
    expect(cacheCapabilities).toMatchObject({
      digestFunctions: [Fn.SHA256],
      actionCacheUpdateCapabilities: { updateEnabled: false },
      maxCasBlobSizeBytes: 1_000_000,
      maxBatchTotalSizeBytes: batchBytesMax, // Batches are its own affair: it asks behind as it is able to.
      supportedCompressors: [1, 2, 3],
    });
  });

  // obligation: CAP-13
  test('are its own functions before a cache that names none', async () => {
    expect((await ask(behind({ maxCasBlobSizeBytes: 5 }))).cacheCapabilities?.digestFunctions).toEqual([Fn.SHA256]);
  });

  // obligation: GEN-13
  test.each(['unknown', 'a//b'])('are none of the instance %j', async (name) => {
    await expect(ask(undefined, name)).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});
