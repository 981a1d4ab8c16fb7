import { createHash } from 'node:crypto';
import { codecs } from '@gorego/compression';
import { background } from '@gorego/context';
import { Digest, digestFunctionNames } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { methodPath } from '@gorego/proto';
import {
  CapabilitiesDefinition,
  ContentAddressableStorageDefinition,
  ServerCapabilities,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { ByteStreamDefinition, ReadResponse, WriteResponse } from '@gorego/proto/google/bytestream/bytestream';
import { piecesOf, type Route, type Routes } from '@gorego/rpc';
import { BlobReader, bytesOf } from '@gorego/storage';
import { actionCacheSuite, blobStoreSuite, inPieces, patterned } from '@gorego/storage/testing';
import { describe, expect, test } from '@jest/globals';
import { serveUpstream } from '../testing/upstream-server.ts';

const ctx = background();
const cas = ContentAddressableStorageDefinition;
const large = patterned(3_000_000);
const largeDigest = Digest.ofBytes(large);

/** A RemoteStore verifies nothing of what it gets: what is wrong is refused by the upstream, or by who asked. */
const suite = blobStoreSuite;

// obligation: PX-7
describe.each<[string, (routes: Routes) => Routes]>([
  ['gorego', (routes) => routes],
  [
    'a server without batches',
    (routes) => without(routes, methodPath(cas, 'batchReadBlobs'), methodPath(cas, 'batchUpdateBlobs')),
  ],
  ['a server that announces no batch limit', (routes) => ({ ...routes, ...announcing(0) })],
  ['a server of small batches', (routes) => ({ ...routes, ...announcing(10_000) })],
])('RemoteStore.blobs, before %s, is a BlobStore: it', (_, adapt) => {
  test.each(suite)('$name', ({ run }) =>
    run(async () => {
      const upstream = await serveUpstream(adapt);
      const store = upstream.remote.blobs('a/b');
      return { store, leaves: [upstream.blobs], [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose]() };
    }),
  );
});

describe.each<[string, (routes: Routes) => Routes]>([
  ['gorego', (routes) => routes],
  ['a server that can’t', (routes) => ({ ...routes, ...announcing(0) })],
])('RemoteStore.blobs that compresses, before %s, is a BlobStore: it', (_, adapt) => {
  test.each(suite)('$name', ({ run }) =>
    run(async () => {
      const upstream = await serveUpstream(adapt, undefined, codecs().zstd);
      const store = upstream.remote.blobs('a/b');
      return { store, leaves: [upstream.blobs], [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose]() };
    }),
  );
});

describe('RemoteStore that compresses', () => {
  /** What goes by, each way, in bytes. */
  const counting =
    (counts: { up: number; down: number }) =>
    (routes: Routes): Routes => {
      const [readPath, writePath] = [
        methodPath(ByteStreamDefinition, 'read'),
        methodPath(ByteStreamDefinition, 'write'),
      ];
      const [read, write] = [routes[readPath], routes[writePath]];
      if (read?.kind !== 'serverStream' || write?.kind !== 'clientStream') throw new Error('no such routes');
      return {
        ...routes,
        [readPath]: {
          kind: 'serverStream',
          handle: async function* (call, request) {
            for await (const message of read.handle(call, request)) {
              counts.down += piecesOf(message).reduce((sum, { byteLength }) => sum + byteLength, 0);
              yield message;
            }
          },
        },
        [writePath]: {
          kind: 'clientStream',
          handle: async (call, requests) => {
            const counted = async function* (): AsyncGenerator<Uint8Array> {
              for await (const request of requests) {
                counts.up += request.byteLength;
                yield request;
              }
            };
            return write.handle(call, counted());
          },
        },
      };
    };

  test('sends and takes fewer bytes than there are', async () => {
    const counts = { up: 0, down: 0 };
    await using upstream = await serveUpstream(counting(counts), undefined, codecs().zstd);
    const blobs = upstream.remote.blobs('');
    for (const bytes of [large, large.subarray(1)]) {
      const digest = Digest.ofBytes(bytes);
      await blobs.put(ctx, digest, bytes === large ? BlobReader.ofBytes(bytes) : inPieces(bytes));
      const got = await blobs.get(ctx, digest);
      expect(got && Buffer.compare(await bytesOf(got, bytes.byteLength), bytes)).toBe(0);
    }
    expect(counts.up).toBeGreaterThan(1000);
    expect(counts.up).toBeLessThan(large.byteLength);
    expect(counts.down).toBeLessThan(large.byteLength);
  });

  test('goes on without compression where a download was cut', async () => {
    await using upstream = await serveUpstream(cuttingReads(1), undefined, codecs().zstd);
    const noise = Buffer.concat(Array.from({ length: 40 }, (_, i) => createHash('sha512').update(String(i)).digest()));
    const bytes = Buffer.alloc(3_000_000, Buffer.concat([noise, patterned(100_000)]));
    const digest = Digest.ofBytes(bytes);
    await upstream.blobs.put(ctx, digest, BlobReader.ofBytes(bytes));
    const got = await upstream.remote.blobs('').get(ctx, digest);
    expect(got && Buffer.compare(await bytesOf(got, bytes.byteLength), bytes)).toBe(0);
  });

  test.each([
    ['a download that is no stream of zstd', Buffer.from('nonsense')],
    ['a download that holds too much', codecs().zstd.compressBytes(Buffer.alloc(large.byteLength + 1))],
  ])('gives nothing of %s for the blob', async (_, data) => {
    const answering = (routes: Routes): Routes => ({
      ...routes,
      [methodPath(ByteStreamDefinition, 'read')]: {
        kind: 'serverStream',
        handle: async function* () {
          yield ReadResponse.encode({ data: Buffer.from(data) }).finish();
        },
      },
    });
    await using upstream = await serveUpstream(answering, undefined, codecs().zstd);
    const reading = async (): Promise<void> => {
      const got = await upstream.remote.blobs('').get(ctx, largeDigest);
      if (got !== undefined) await bytesOf(got, large.byteLength);
    };
    // As what it is, or, where it was gone on with, as an answer that is too short.
    await expect(reading()).rejects.toMatchObject({ code: expect.stringMatching(/^(data_loss|unavailable)$/) });
  });
});

describe('RemoteStore.actions is an ActionCache: it', () => {
  const cases = actionCacheSuite.filter(({ name }) => !/bytes as it was|last of several|another size/.test(name)); // No messages.
  test.each(cases)('$name', ({ run }) =>
    run(async () => {
      const upstream = await serveUpstream();
      return { actions: upstream.remote.actions(''), [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose]() };
    }),
  );
});

describe('RemoteStore', () => {
  test('sends small blobs together', async () => {
    await using upstream = await serveUpstream();
    const blobs = upstream.remote.blobs('');
    const all = Array.from({ length: 200 }, (_, i) => patterned(2000, i));
    await Promise.all(all.map((bytes) => blobs.put(ctx, Digest.ofBytes(bytes), BlobReader.ofBytes(bytes))));
    const got = await Promise.all(all.map((bytes) => blobs.get(ctx, Digest.ofBytes(bytes))));
    expect(got.every((blob) => blob !== undefined)).toBe(true);
    expect(upstream.calls.get('BatchUpdateBlobs')).toBeLessThan(20);
    expect(upstream.calls.get('BatchReadBlobs')).toBeLessThan(20);
    expect(upstream.calls.get('Write') ?? 0).toBe(0);
  });

  test('resumes a download where it was cut', async () => {
    await using upstream = await serveUpstream(cuttingReads(2));
    await upstream.blobs.put(ctx, largeDigest, BlobReader.ofBytes(large));
    const blob = await upstream.remote.blobs('').get(ctx, largeDigest);
    expect(blob && Buffer.compare(await bytesOf(blob, large.byteLength), large)).toBe(0);
    expect(upstream.calls.get('Read')).toBeGreaterThan(1);
  });

  // obligation: PX-7
  test.each([
    ['goes on', true],
    ['begins anew where it can’t be told', false],
  ])('asks how far a cut upload got, and %s', async (_, canTell) => {
    let isCut = false;
    const cutting = (routes: Routes): Routes => {
      const path = methodPath(ByteStreamDefinition, 'write');
      const inner = routes[path] as Extract<Route, { kind: 'clientStream' }>;
      const handle: typeof inner.handle = async (call, requests) => {
        if (isCut) return inner.handle(call, requests);
        isCut = true;
        let count = 0;
        for await (const _ of requests) if (++count === 2) throw new Failure('unavailable', 'cut');
        return Buffer.of();
      };
      const known = canTell ? routes : without(routes, methodPath(ByteStreamDefinition, 'queryWriteStatus'));
      return { ...known, [path]: { kind: 'clientStream', handle } };
    };
    await using upstream = await serveUpstream(cutting);
    await upstream.remote.blobs('').put(ctx, largeDigest, BlobReader.ofBytes(large));
    expect(upstream.blobs.has(largeDigest)).toBe(true);
    expect(upstream.calls.get('QueryWriteStatus') ?? 0).toBe(canTell ? 1 : 0);
    expect(upstream.calls.get('Write')).toBe(2);
  });

  test('does not send what is there already, if it is large', async () => {
    await using upstream = await serveUpstream();
    await upstream.blobs.put(ctx, largeDigest, BlobReader.ofBytes(large));
    await upstream.remote.blobs('').put(ctx, largeDigest, inPieces(large));
    expect(upstream.calls.get('Write') ?? 0).toBe(0);
  });

  test.each([
    ['less than all', 5, 'internal'],
    ['all, early', large.byteLength, undefined],
    ['all, of a compressed upload that ended early', -1, undefined],
  ])('believes an upload that is answered with %s accordingly', async (_, committedSize, code) => {
    const answering = (routes: Routes): Routes => ({
      ...routes,
      [methodPath(ByteStreamDefinition, 'write')]: {
        kind: 'clientStream',
        handle: async () => WriteResponse.encode({ committedSize }).finish(),
      },
    });
    await using upstream = await serveUpstream(answering);
    const put = upstream.remote.blobs('').put(ctx, largeDigest, inPieces(large));
    if (code === undefined) await put;
    else await expect(put).rejects.toMatchObject({ code });
  });

  describe.each(digestFunctionNames)('names blobs by %s', (name) => {
    test('in batches, streams and questions', async () => {
      await using upstream = await serveUpstream();
      const blobs = upstream.remote.blobs('a/b');
      for (const bytes of [patterned(100), large]) {
        const digest = Digest.ofBytes(bytes, name);
        expect(await blobs.findMissing(ctx, new Set([digest]))).toEqual(new Set([digest]));
        await blobs.put(ctx, digest, inPieces(bytes));
        expect(upstream.blobs.has(digest)).toBe(true);
        expect(await blobs.findMissing(ctx, new Set([digest]))).toEqual(new Set());
        const got = await blobs.get(ctx, digest);
        expect(got && Buffer.compare(await bytesOf(got, bytes.byteLength), bytes)).toBe(0);
      }
    });
  });

  test('says so when the upstream has no such function, and lets no others fail by it', async () => {
    await using upstream = await serveUpstream(undefined, ['sha256', 'sha1']);
    while (upstream.remote.capabilities === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    const [blobs, actions] = [upstream.remote.blobs(''), upstream.remote.actions('')];
    const digest = Digest.ofBytes(large, 'blake3');
    const refused = {
      code: 'invalid_argument',
      message: expect.stringContaining('no blobs of blake3: it offers sha256, sha1'),
    };
    const questions = [
      blobs.findMissing(ctx, new Set([digest])),
      blobs.get(ctx, digest),
      blobs.put(ctx, digest, inPieces(large)),
      actions.get(ctx, digest),
      actions.put(ctx, digest, Buffer.of()),
    ];
    const missing = blobs.findMissing(ctx, new Set([largeDigest]));
    for (const question of questions) await expect(question).rejects.toMatchObject(refused);
    expect((await missing).size).toBe(1);
  });

  test('learns what the upstream can do', async () => {
    await using upstream = await serveUpstream();
    while (upstream.remote.capabilities === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(upstream.remote.capabilities.cacheCapabilities?.maxBatchTotalSizeBytes).toBeGreaterThan(1_000_000);
    expect(upstream.remote.outage).toBeUndefined();
  });
});

// obligation: PX-7
test('takes the largest number there is as a limit, from a server that has none', async () => {
  // max_cas_blob_size_bytes of 2^63 - 1 is what bazel-remote announces: more than a number of JavaScript tells apart.
  const cacheCapabilities = Buffer.from([0x40, ...Array.from({ length: 8 }, () => 0xff), 0x7f]);
  const answer = Buffer.concat([Buffer.from([0x0a, cacheCapabilities.length]), cacheCapabilities]);
  const path = methodPath(CapabilitiesDefinition, 'getCapabilities');
  await using upstream = await serveUpstream((routes) => ({
    ...routes,
    [path]: { kind: 'unary', handle: async () => answer },
  }));
  while (!upstream.calls.has('GetCapabilities')) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await upstream.remote.blobs('').findMissing(ctx, new Set([largeDigest]))).toEqual(new Set([largeDigest]));
  expect(upstream.remote.outage).toBeUndefined();
  expect(upstream.remote.capabilities?.cacheCapabilities?.maxCasBlobSizeBytes).toBe(Number.MAX_SAFE_INTEGER);
});

function without(routes: Routes, ...paths: readonly string[]): Routes {
  return Object.fromEntries(Object.entries(routes).filter(([path]) => !paths.includes(path)));
}

function announcing(maxBatchTotalSizeBytes: number): Routes {
  const capabilities = ServerCapabilities.fromPartial({ cacheCapabilities: { maxBatchTotalSizeBytes } });
  const answer = ServerCapabilities.encode(capabilities).finish();
  return { [methodPath(CapabilitiesDefinition, 'getCapabilities')]: { kind: 'unary', handle: async () => answer } };
}

/** Cuts off as many downloads, each when its second message would come. */
function cuttingReads(times: number): (routes: Routes) => Routes {
  let cuts = 0;
  return (routes) => {
    const path = methodPath(ByteStreamDefinition, 'read');
    const inner = routes[path] as Extract<Route, { kind: 'serverStream' }>;
    const handle: typeof inner.handle = async function* (call, request) {
      let messages = 0;
      for await (const message of inner.handle(call, request)) {
        if (++messages === 2 && cuts++ < times) throw new Failure('unavailable', 'cut');
        yield message;
      }
    };
    return { ...routes, [path]: { kind: 'serverStream', handle } };
  };
}
