import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { systemClock } from '@gorego/platform';
import { methodPath } from '@gorego/proto';
import {
  CapabilitiesDefinition,
  ContentAddressableStorageDefinition as Cas,
  DigestFunction_Value,
  ActionCacheDefinition as Results,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { HealthDefinition } from '@gorego/proto/grpc/health/v1/health';
import { defaultLimits, GrpcJsClient } from '@gorego/rpc';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Running } from './assemble.ts';
import { assembled, get } from './testing/assembled.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gorego-assembly-'));
});
afterEach(() => rm(directory, { recursive: true }));

const running = (...flags: string[]): Promise<Running> => assembled(directory, ...flags);

function clientOf({ rpc }: Running): GrpcJsClient {
  return new GrpcJsClient({
    ...{ clock: systemClock, ...rpc.address, tls: undefined, connections: 1, headersOf: () => [] },
    receiveWindowBytes: defaultLimits.receiveWindowBytes,
  });
}

const bytes = Buffer.from('a blob');
const digest = { hash: Digest.hex(Digest.ofBytes(bytes)), sizeBytes: bytes.byteLength };

async function store(client: GrpcJsClient): Promise<number | undefined> {
  const { requestType, responseType } = Cas.methods.batchUpdateBlobs;
  const request = requestType.fromPartial({ requests: [{ digest, data: bytes }] });
  const path = methodPath(Cas, 'batchUpdateBlobs');
  const answer = await client.unary(background(), path, requestType.encode(request).finish());
  return responseType.decode(answer).responses[0]?.status?.code ?? 0;
}

async function missing(
  client: GrpcJsClient,
  digestFunction: DigestFunction_Value = DigestFunction_Value.SHA256,
): Promise<number> {
  const { requestType, responseType } = Cas.methods.findMissingBlobs;
  const request = requestType.fromPartial({ blobDigests: [digest], digestFunction });
  const path = methodPath(Cas, 'findMissingBlobs');
  const answer = await client.unary(background(), path, requestType.encode(request).finish());
  return responseType.decode(answer).missingBlobDigests.length;
}

describe('an assembled goREgo', () => {
  test('stores below the directory it is given, and serves what it stored', async () => {
    await using gorego = await running('--local_store.dir=store');
    using client = clientOf(gorego);
    expect(gorego.storeDirectory).toBe(join(directory, 'store'));
    expect(await missing(client)).toBe(1);
    expect(await store(client)).toBe(0);
    expect(await missing(client)).toBe(0);
  });

  test.each(['lru', 'value'])('answers a result that it was given, under janitor.policy %s', async (policy) => {
    await using gorego = await running(`--janitor.policy=${policy}`);
    using client = clientOf(gorego);
    await store(client);
    const { updateActionResult, getActionResult } = Results.methods;
    const executionMetadata = {
      executionStartTimestamp: { seconds: 1e9 },
      executionCompletedTimestamp: { seconds: 1e9 + 60 },
    };
    const actionResult = { outputFiles: [{ path: 'a', digest }], executionMetadata };
    const update = updateActionResult.requestType.fromPartial({ actionDigest: digest, actionResult });
    const ask = getActionResult.requestType.fromPartial({ actionDigest: digest });
    await client.unary(
      background(),
      methodPath(Results, 'updateActionResult'),
      updateActionResult.requestType.encode(update).finish(),
    );
    const answer = await client.unary(
      background(),
      methodPath(Results, 'getActionResult'),
      getActionResult.requestType.encode(ask).finish(),
    );
    expect(getActionResult.responseType.decode(answer).outputFiles[0]?.digest).toMatchObject(digest);
  });

  test('shows its metrics, and that it is ready', async () => {
    await using gorego = await running();
    using client = clientOf(gorego);
    await store(client);
    expect(await get(gorego, '/readyz')).toEqual({ status: 200, text: expect.stringMatching(/^ready/) });
    const { status, text } = await get(gorego, '/metrics');
    expect(status).toBe(200);
    expect(text).toMatch(/method="BatchUpdateBlobs"|method="[^"]*\/BatchUpdateBlobs"/);
    expect(text).toMatch(/process_resident_memory_bytes \d/);
  });

  test('says that it drains', async () => {
    await using gorego = await running();
    gorego.health.set(false);
    expect((await get(gorego, '/readyz')).status).toBe(503);
    expect((await get(gorego, '/healthz')).status).toBe(200);
  });

  test('writes to the backing cache, and is what another one has behind it', async () => {
    await using far = await running('--local_store.dir=far');
    await using near = await running(
      '--local_store.dir=near',
      `--backing_cache.target=grpc://127.0.0.1:${far.rpc.address.port}`,
    );
    using farClient = clientOf(far);
    using nearClient = clientOf(near);
    expect(await store(nearClient)).toBe(0);
    expect(await missing(farClient)).toBe(0);
    expect(await missing(nearClient)).toBe(0);
  });

  // obligation: CAP-13
  test('offers the digest functions that the backing cache has too, and says so of others', async () => {
    await using far = await running('--local_store.dir=far', '--digest_functions=sha1,sha256');
    const target = `--backing_cache.target=grpc://127.0.0.1:${far.rpc.address.port}`;
    await using near = await running('--local_store.dir=near', target);
    using client = clientOf(near);
    const functions = async (): Promise<readonly number[]> => {
      const { requestType, responseType } = CapabilitiesDefinition.methods.getCapabilities;
      const request = requestType.encode(requestType.fromPartial({})).finish();
      const answer = await client.unary(background(), methodPath(CapabilitiesDefinition, 'getCapabilities'), request);
      return responseType.decode(answer).cacheCapabilities?.digestFunctions ?? [];
    };
    while ((await functions()).length > 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await functions()).toEqual([DigestFunction_Value.SHA256, DigestFunction_Value.SHA1]);
    expect(await missing(client)).toBe(1);
    await expect(missing(client, DigestFunction_Value.BLAKE3)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('no blobs of blake3: it offers sha256, sha1'),
    });
  });

  test('starts while the backing cache is down, refuses what needs it, and says so', async () => {
    await using gorego = await running('--backing_cache.target=grpc://127.0.0.1:1');
    using client = clientOf(gorego);
    for (let i = 0; i < 30; i++) await expect(missing(client)).rejects.toMatchObject({ code: 'unavailable' });
    expect((await get(gorego, '/readyz')).text).toMatch(/^degraded: the backing cache/);
    const { requestType, responseType } = HealthDefinition.methods.check;
    const ask = async (service: string): Promise<number> => {
      const request = requestType.encode(requestType.fromPartial({ service })).finish();
      return responseType.decode(await client.unary(background(), methodPath(HealthDefinition, 'check'), request))
        .status;
    };
    expect([await ask(''), await ask('gorego.backing_cache')]).toEqual([1, 2]);
    expect((await get(gorego, '/metrics')).text).toMatch(/^gorego_backing_cache_up 0$/m);
  });

  test.each([
    ['a token file that is not there', '--backing_cache.token_file=none', /cannot read the token in .*none/],
    ['a certificate that is not there', '--backing_cache.ca_file=none.pem', /cannot read none\.pem/],
  ])('refuses to start with %s', async (_, flag, message) => {
    const starting = running('--backing_cache.target=grpcs://127.0.0.1:1', flag);
    await expect(starting).rejects.toMatchObject({ message: expect.stringMatching(message) });
  });

  test('refuses to start on a port in use, and leaves nothing behind', async () => {
    await using first = await running();
    const second = running(`--listen_addr=127.0.0.1:${first.rpc.address.port}`, '--local_store.dir=other');
    await expect(second).rejects.toMatchObject({ message: expect.stringMatching(/another program already does/) });
  });
});
