import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { methodPath } from '@gorego/proto';
import { PushDefinition as assets } from '@gorego/proto/build/bazel/remote/asset/v1/remote_asset';
import {
  ContentAddressableStorageDefinition as cas,
  ActionCacheDefinition as results,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { ByteStreamDefinition as stream } from '@gorego/proto/google/bytestream/bytestream';
import { type Blob, freshBlob, piecesOf, Reapi, upload, writeName } from '@gorego/server/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Running } from './assemble.ts';
import { assembled } from './testing/assembled.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gorego-writing-'));
});
afterEach(() => rm(directory, { recursive: true }));

const apiOf = ({ rpc: { address } }: Running): Reapi =>
  new Reapi({ address, mode: 'strict', offers: ['chunking'], instances: [''] });
const isUpdateEnabled = async (api: Reapi, instance = ''): Promise<boolean | undefined> =>
  (await api.capabilities(instance)).cacheCapabilities?.actionCacheUpdateCapabilities?.updateEnabled;

/** Every method that stores something, with a request that would store `blob`; of chunks that are here already, if of chunks. */
const writing: Record<string, (api: Reapi, blob: Blob, here: Blob) => Promise<unknown>> = {
  updateActionResult: (api, { digest }, here) =>
    api.updateActionResult(digest, { outputFiles: [{ path: 'f', digest: here.digest }] }),
  batchUpdateBlobs: (api, { digest, bytes }) =>
    api.unary(cas, 'batchUpdateBlobs', { requests: [{ digest, data: bytes }] }),
  spliceBlob: (api, { digest }, here) =>
    api.unary(cas, 'spliceBlob', { blobDigest: digest, chunkDigests: [here.digest] }),
  registerChunkMapping: (api, { digest }, here) => {
    const { requestType } = cas.methods.registerChunkMapping;
    const first = requestType.fromPartial({ blobDigest: digest, chunkDigests: [here.digest] });
    return api.raw.clientStream(methodPath(cas, 'registerChunkMapping'), [requestType.encode(first).finish()]);
  },
  write: (api, blob) => api.write(piecesOf(blob)),
  pushBlob: (api, _, here) =>
    api.unary(assets, 'pushBlob', { uris: ['https://example.com/x'], blobDigest: here.digest }),
  pushDirectory: (api, _, here) =>
    api.unary(assets, 'pushDirectory', { uris: ['https://example.com/x'], rootDirectoryDigest: here.digest }),
};

const reading: readonly string[] = [
  ...['getActionResult', 'findMissingBlobs', 'batchReadBlobs', 'getTree', 'splitBlob', 'getChunkMapping'],
  ...['read', 'queryWriteStatus'],
];

describe('who may not write', () => {
  test('is known to every method', () => {
    const methods = [cas, results, stream, assets].flatMap((service) => Object.keys(service.methods));
    expect([...Object.keys(writing), ...reading].sort()).toEqual(methods.sort());
  });

  // obligation: GEN-12, BUB-8, AC-13
  test.each(Object.entries(writing))('is refused by %s, and nothing is kept', async (_, write) => {
    await using gorego = await assembled(directory, '--writers.instances=ci');
    using api = apiOf(gorego);
    const [here, blob] = [freshBlob(300), freshBlob(300)];
    const data = { requests: [{ digest: here.digest, data: here.bytes }] };
    await api.unary(cas, 'batchUpdateBlobs', { instanceName: 'ci', ...data });
    await expect(write(api, blob, here)).rejects.toMatchObject({
      code: 7,
      details: expect.stringMatching(/^127\.0\.0\.1:[0-9]+ may not write to the instance "", only read$/),
    });
    expect(await api.findMissing([blob.digest, here.digest])).toEqual([blob.digest]);
    await api.ends(api.getActionResult(blob.digest), 'not_found');
  });

  // obligation: BUB-8
  test('is refused what is here already too, compressed or not', async () => {
    await using gorego = await assembled(directory, '--writers.instances=ci');
    using api = apiOf(gorego);
    const here = freshBlob(300);
    const data = { requests: [{ digest: here.digest, data: here.bytes }] };
    await api.unary(cas, 'batchUpdateBlobs', { instanceName: 'ci', ...data });
    await api.ends(api.unary(cas, 'batchUpdateBlobs', data), 'permission_denied');
    await api.ends(api.write(piecesOf(here)), 'permission_denied');
    const resourceName = writeName(here.digest).replace('blobs/', 'compressed-blobs/zstd/');
    await api.ends(api.write([{ resourceName, data: here.bytes }]), 'permission_denied');
  });

  // obligation: CAP-3
  test.each([
    [['--writers.instances=ci'], { '': false, ci: true }],
    [['--writers.networks=127.0.0.0/8'], { '': true, ci: true }],
    [['--writers.networks=127.0.0.2,10.0.0.0/8'], { '': false, ci: false }],
    [['--writers.networks=none'], { '': false, ci: false }],
    [[], { '': true, ci: true }],
  ])('is told so: %j', async (flags, expected) => {
    await using gorego = await assembled(directory, ...flags);
    using api = apiOf(gorego);
    for (const [instance, may] of Object.entries(expected)) {
      expect([instance, await isUpdateEnabled(api, instance)]).toEqual([instance, may]);
      const update = api.unary(results, 'updateActionResult', {
        ...{ instanceName: instance, actionDigest: freshBlob(5).digest, actionResult: { exitCode: 0 } },
      });
      await api.ends(update, may ? 'ok' : 'permission_denied');
    }
  });

  // obligation: CAP-3, CAP-13
  test.each([
    ['everybody', [], [], true],
    ['whom this cache lets', ['--writers.networks=none'], [], false],
    ['whom the one behind it lets', [], ['--writers.networks=none'], false],
    ['whom both let', ['--writers.networks=none'], ['--writers.networks=none'], false],
  ])('is, before a backing cache, who is not %s', async (_, near, far, may) => {
    await using behind = await assembled(directory, '--local_store.dir=far', ...far);
    const target = `--backing_cache.target=grpc://127.0.0.1:${behind.rpc.address.port}`;
    await using gorego = await assembled(directory, '--local_store.dir=near', target, ...near);
    using api = apiOf(gorego);
    const update = api.updateActionResult(freshBlob(5).digest, { exitCode: 0 });
    await api.ends(update, may ? 'ok' : 'permission_denied'); // It has heard of what is behind by now.
    expect(await isUpdateEnabled(api)).toBe(may);
    const upload = api.write(piecesOf(freshBlob(100)));
    await api.ends(upload, may ? 'ok' : 'permission_denied');
  });

  // obligation: CAP-3, CAP-13
  test('is known of each instance, before a backing cache that lets some be written to', async () => {
    await using behind = await assembled(directory, '--local_store.dir=far', '--writers.instances=ci,team/*');
    const target = `--backing_cache.target=grpc://127.0.0.1:${behind.rpc.address.port}`;
    await using gorego = await assembled(directory, '--local_store.dir=near', target);
    using api = apiOf(gorego);
    await api.ends(api.updateActionResult(freshBlob(5).digest, { exitCode: 0 }), 'permission_denied');
    for (const [instance, may] of Object.entries({ ci: true, 'team/a': true, other: false, '': false })) {
      expect([instance, await isUpdateEnabled(api, instance)]).toEqual([instance, may]);
    }
  });

  test('is known by its address on both ports, and in every protocol of HTTP', async () => {
    await using gorego = await assembled(directory, '--writers.networks=127.0.0.2');
    const ports = [gorego.rpc.address.port, gorego.http?.address?.port ?? 0];
    const { digest, bytes } = freshBlob(40);
    for (const [method, path, expected] of [
      ['PUT', `/cas/${digest.hash}`, 200],
      ['PUT', `/ac/${digest.hash}`, 200],
      ['PUT', '/ab/cdef', 201],
      ['PUT', '/cache/0123456789abcdef0123456789abcdef', 201],
      ['PUT', '/v8/artifacts/0123?slug=team', 202],
      ['PUT', '/v1/cache/0123', 200],
      ['PUT', '/sccache/.sccache_check', 201],
      ['MKCOL', '/sccache/a/', 201],
      ['DELETE', '/sccache/.sccache_check', 204],
      ['PROPFIND', '/sccache/a/', 207],
      ['GET', `/cas/${digest.hash}`, 200],
      ['POST', '/v8/artifacts/events', 200],
    ] as const) {
      const refused = method === 'PUT' || method === 'MKCOL' || method === 'DELETE' ? 403 : expected;
      const body = method === 'PUT' ? bytes : undefined;
      for (const port of ports) {
        if (refused === 403) expect([path, await asked(port, '127.0.0.1', method, path, body)]).toEqual([path, 403]);
      }
      expect([path, await asked(ports[0] as number, '127.0.0.2', method, path, body)]).toEqual([path, expected]);
      if (refused === expected) {
        expect([path, await asked(ports[1] as number, '127.0.0.1', method, path, body)]).toEqual([path, expected]);
      }
    }
  });

  test('is told before the body is sent', async () => {
    await using gorego = await assembled(directory, '--writers.networks=none');
    const headers = { expect: '100-continue', 'content-length': String(2 ** 30) };
    expect(await asked(gorego.rpc.address.port, '127.0.0.1', 'PUT', '/ab/cd', undefined, headers)).toBe(403);
  });

  test('may go on reading', async () => {
    await using gorego = await assembled(directory, '--local_store.dir=one');
    using api = apiOf(gorego);
    const here = freshBlob(300);
    await upload(api, here);
    await gorego.drain();
    await using again = await assembled(directory, '--local_store.dir=one', '--writers.networks=none');
    using reader = apiOf(again);
    expect(await reader.findMissing([here.digest])).toEqual([]);
    const { responses } = await reader.unary(cas, 'batchReadBlobs', { digests: [here.digest] });
    expect(responses[0]?.data).toEqual(here.bytes);
  });
});

/** The status of the answer to a request from a client's address of its own. */
function asked(
  port: number,
  localAddress: string,
  method: string,
  path: string,
  body?: Uint8Array,
  headers: Record<string, string> = {},
): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const sent = request({ host: '127.0.0.1', port, localAddress, method, path, headers, agent: false });
  sent.on('response', (response) => {
    resolve(response.statusCode);
    response.resume();
    if (headers['expect'] !== undefined) sent.destroy();
  });
  sent.on('error', reject);
  if (headers['expect'] === undefined) sent.end(body);
  else sent.flushHeaders();
  return promise;
}
