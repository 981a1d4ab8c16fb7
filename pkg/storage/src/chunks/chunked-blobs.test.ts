import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BlobReader, bytesOf } from '../blob-reader.ts';
import type { BlobStore } from '../blob-store.ts';
import { MemoryActions, MemoryBlobs } from '../memory-store.ts';
import { blobStoreSuite, patterned, stagingSuite } from '../testing/index.ts';
import { verifying } from '../verified.ts';
import { ChunkRecord } from './chunk-record.ts';
import { ChunkedBlobs, ChunkedStaging } from './chunked-blobs.ts';

const ctx = background();

interface Chunked {
  readonly inner: MemoryBlobs;
  readonly records: MemoryActions;
  readonly blobs: ChunkedBlobs;
}

function chunked(keptWholeMax = 0): Chunked {
  const [inner, records] = [new MemoryBlobs(), new MemoryActions()];
  return { inner, records, blobs: new ChunkedBlobs({ blobs: inner, records, keptWholeMax }) };
}

interface Cut {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly pieces: readonly Uint8Array[];
  readonly chunks: readonly Digest[];
}

function cut(bytes: Uint8Array, pieceBytes: number): Cut {
  const count = Math.ceil(bytes.byteLength / pieceBytes);
  const pieces = Array.from({ length: count }, (_, i) => bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes));
  return { bytes, digest: Digest.ofBytes(bytes), pieces, chunks: pieces.map((piece) => Digest.ofBytes(piece)) };
}

async function put(store: BlobStore, ...all: readonly Uint8Array[]): Promise<void> {
  for (const bytes of all) await store.put(ctx, Digest.ofBytes(bytes), BlobReader.ofBytes(bytes));
}

async function read(store: BlobStore, digest: Digest, range?: { offset: number; limit: number }): Promise<string> {
  const blob = await store.get(ctx, digest, range);
  return blob === undefined ? 'not here' : Buffer.from(await bytesOf(blob, 1e6)).toString('latin1');
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

async function joined(to: Chunked, { digest, pieces, chunks }: Cut): Promise<void> {
  await put(to.inner, ...pieces);
  await to.blobs.join(ctx, digest, { chunks, chunkingFunction: 0 });
}

/** Stores in which whatever is put is kept in one of the ways there are to have a blob. */
const ways: readonly [string, (store: Chunked, digest: Digest, bytes: Uint8Array) => Promise<void>][] = [
  ['itself', (store, _, bytes) => put(store.blobs, bytes)],
  ['chunks', (store, _, bytes) => joined(store, cut(bytes, 997))],
  [
    'part of another',
    async (store, digest, bytes) => {
      const whole = Buffer.concat([Buffer.from('before '), bytes, Buffer.from(' behind')]);
      await put(store.inner, whole);
      const record = ChunkRecord.encode({ kind: 'part', of: Digest.ofBytes(whole), offset: 7 });
      await store.records.put(ctx, digest, record);
    },
  ],
];

describe.each(ways)('ChunkedBlobs, where a blob is there as %s, are a BlobStore: it', (_, keep) => {
  test.each(blobStoreSuite)('$name', ({ run }) =>
    run(async () => {
      const subject = chunked();
      const { blobs } = subject;
      const store: BlobStore = {
        get: (ctx, digest, range) => blobs.get(ctx, digest, range),
        findMissing: (ctx, digests) => blobs.findMissing(ctx, digests),
        mark: (ctx, list) => blobs.mark(ctx, list),
        put: async (ctx, digest, blob) => {
          await using owned = verifying(digest, blob, 'invalid_argument');
          if (ctx.ended !== undefined) throw ctx.ended;
          await keep(subject, digest, await bytesOf(owned, 1e6));
        },
      };
      return { store, [Symbol.asyncDispose]: async () => {} };
    }),
  );
});

describe('ChunkedStaging is a StagingStore: it', () => {
  test.each(stagingSuite)('$name', ({ run }) =>
    run(async () => ({
      store: new ChunkedStaging({ blobs: new MemoryBlobs(), records: new MemoryActions() }),
      [Symbol.asyncDispose]: async () => {},
    })),
  );
});

describe('a blob that was joined', () => {
  test('is missing while one of its chunks is', async () => {
    const store = chunked();
    const blob = cut(patterned(5000), 1000);
    await joined(store, blob);
    expect(await store.blobs.findMissing(ctx, new Set([blob.digest]))).toEqual(new Set());
    store.inner.delete(blob.chunks[3] as Digest);
    expect(await read(store.blobs, blob.digest)).toBe('not here');
    expect(await store.blobs.findMissing(ctx, new Set([blob.digest]))).toEqual(new Set([blob.digest]));
    await put(store.blobs, blob.pieces[3] as Uint8Array);
    expect(await read(store.blobs, blob.digest)).toBe(latin1(blob.bytes));
  });

  test('has a size that is known by its hash alone', async () => {
    const inner = new MemoryBlobs();
    const blobs = new ChunkedStaging({ blobs: inner, records: new MemoryActions(), keptWholeMax: 0 });
    const [blob, other] = [cut(patterned(5000), 1000), cut(patterned(300), 300)];
    await put(inner, other.bytes);
    await blobs.join(ctx, blob.digest, { chunks: blob.chunks, chunkingFunction: 0 });
    expect(await blobs.sizeOf(ctx, 'sha256', Digest.hex(blob.digest))).toBe(5000);
    expect(await blobs.sizeOf(ctx, 'sha256', Digest.hex(other.digest))).toBe(300);
    expect(await blobs.sizeOf(ctx, 'sha256', 'ab'.repeat(32))).toBeUndefined();
    expect(await blobs.sizeOf(ctx, 'blake3', Digest.hex(blob.digest))).toBeUndefined();
  });

  test('has its bytes once, even when it is put', async () => {
    const store = chunked();
    const blob = cut(patterned(5000), 1000);
    await joined(store, blob);
    await put(store.blobs, blob.bytes, ...blob.pieces);
    expect(store.inner.size).toBe(5);
  });

  test('can have a chunk twice, and empty ones', async () => {
    const store = chunked();
    const [a, b] = [patterned(300), new Uint8Array()];
    const bytes = Buffer.concat([a, b, a]);
    await put(store.inner, a, b);
    const chunks = [a, b, a].map((piece) => Digest.ofBytes(piece));
    await store.blobs.join(ctx, Digest.ofBytes(bytes), { chunks, chunkingFunction: 0 });
    expect(await read(store.blobs, Digest.ofBytes(bytes))).toBe(latin1(bytes));
  });

  test('reads any range of any chunks', async () => {
    const check = async (sizeBytes: number, pieceBytes: number, offset: number, limit: number): Promise<void> => {
      const store = chunked();
      const blob = cut(patterned(sizeBytes), pieceBytes);
      await joined(store, blob);
      const range = { offset: Math.min(offset, sizeBytes), limit };
      const expected = latin1(blob.bytes.subarray(range.offset, range.offset + limit));
      expect(await read(store.blobs, blob.digest, range)).toBe(expected);
    };
    const size = fc.integer({ min: 1, max: 400 });
    await fc.assert(fc.asyncProperty(size, size, fc.nat(500), fc.nat(500), check));
  });

  test('can be read again from where somebody got', async () => {
    const store = chunked();
    const blob = cut(patterned(5000), 1000);
    await joined(store, blob);
    await using reader = await store.blobs.get(ctx, blob.digest, { offset: 100 });
    const again = await reader?.again?.(2345);
    expect(again && latin1(await bytesOf(again, 1e4))).toBe(latin1(blob.bytes.subarray(2445)));
  });

  test('fails as unavailable when a chunk goes away under its reader', async () => {
    const store = chunked();
    const blob = cut(patterned(5000), 1000);
    await joined(store, blob);
    const reader = await store.blobs.get(ctx, blob.digest);
    store.inner.delete(blob.chunks[4] as Digest);
    await expect(bytesOf(reader as BlobReader, 1e4)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a blob that was divided', () => {
  test('has chunks that are parts of it, and goes with them', async () => {
    const store = chunked();
    const { bytes, digest, chunks, pieces } = cut(patterned(5000), 1200);
    await put(store.blobs, bytes);
    await store.blobs.divide(ctx, digest, { chunks, chunkingFunction: 1 });
    expect(store.inner.size).toBe(1);
    expect(await store.blobs.findMissing(ctx, new Set(chunks))).toEqual(new Set());
    for (const [i, chunk] of chunks.entries()) {
      expect(await read(store.blobs, chunk)).toBe(latin1(pieces[i] as Uint8Array));
      expect((await store.blobs.get(ctx, chunk, { offset: 1, limit: 5 }))?.partOf).toBe(digest);
    }
    expect(await store.blobs.listOf(ctx, digest)).toMatchObject({ chunks, chunkingFunction: 1 });
    store.inner.delete(digest);
    expect(await store.blobs.findMissing(ctx, new Set([digest, ...chunks]))).toEqual(new Set([digest, ...chunks]));
    for (const gone of [digest, ...chunks]) expect(await read(store.blobs, gone)).toBe('not here');
  });

  test('stores what is too small to be a part, and leaves alone what is here', async () => {
    const store = chunked(500);
    const { bytes, digest, chunks, pieces } = cut(patterned(2300), 1000);
    await put(store.blobs, bytes, pieces[1] as Uint8Array);
    await store.blobs.divide(ctx, digest, { chunks, chunkingFunction: 1 });
    expect(chunks.map((chunk) => store.inner.has(chunk))).toEqual([false, true, true]);
    store.inner.delete(digest);
    expect(await store.blobs.findMissing(ctx, new Set(chunks))).toEqual(new Set([chunks[0]]));
  });

  test('can be made of its parts by another name', async () => {
    const store = chunked();
    const { bytes, digest, chunks, pieces } = cut(patterned(3000), 1000);
    await put(store.blobs, bytes);
    await store.blobs.divide(ctx, digest, { chunks, chunkingFunction: 1 });
    const turned = Buffer.concat(pieces.toReversed());
    const list = { chunks: chunks.toReversed(), chunkingFunction: 0 };
    await store.blobs.join(ctx, Digest.ofBytes(turned), list);
    expect(await read(store.blobs, Digest.ofBytes(turned))).toBe(latin1(turned));
    expect(store.inner.size).toBe(1);
  });
});

describe('ChunkedBlobs', () => {
  test('believe no record that is none, and stand on none that stands on another', async () => {
    const store = chunked();
    const { bytes, digest, chunks, pieces } = cut(patterned(3000), 1000);
    await store.records.put(ctx, digest, Buffer.from('gorego-chunks 1 list 0\nnonsense\n'));
    expect(await read(store.blobs, digest)).toBe('not here');
    await put(store.inner, bytes);
    await store.blobs.divide(ctx, digest, { chunks, chunkingFunction: 1 });
    store.inner.delete(digest); // Now each is only there if the other is.
    expect(await store.blobs.missingChunks(ctx, new Set([digest, ...chunks]))).toEqual(new Set([digest, ...chunks]));
    expect(await read(store.blobs, chunks[0] as Digest)).toBe('not here');
    await put(store.blobs, ...pieces);
    expect(await read(store.blobs, digest)).toBe(latin1(bytes));
  });

  test('ask for no record of a blob that is small', async () => {
    const { inner } = chunked();
    const records = { ...new MemoryActions(), get: () => Promise.reject(new Error('asked')) } as never;
    const blobs = new ChunkedBlobs({ blobs: inner, records, keptWholeMax: 100 });
    const small = patterned(100);
    expect(await blobs.findMissing(ctx, new Set([Digest.ofBytes(small)]))).toEqual(new Set([Digest.ofBytes(small)]));
    await put(blobs, small);
    expect(await read(blobs, Digest.ofBytes(small))).toBe(latin1(small));
  });
});

describe('ChunkRecord', () => {
  const [a, b] = [Digest.ofBytes(Buffer.of(1)), Digest.ofBytes(Buffer.of(2))];

  test.each<ChunkRecord>([
    { kind: 'list', chunks: [], chunkingFunction: 0 },
    { kind: 'list', chunks: [a, b, a], chunkingFunction: 2 },
    { kind: 'part', of: a, offset: 0 },
    { kind: 'part', of: b, offset: 2 ** 40 },
    { kind: 'size', sizeBytes: 2 ** 40 },
  ])('is read as it was written: %j', (record) => {
    expect(ChunkRecord.decode(ChunkRecord.encode(record))).toEqual(record);
  });

  test('is cut off nowhere', () => {
    const bytes = ChunkRecord.encode({ kind: 'list', chunks: [a, b], chunkingFunction: 1 });
    const lists = Array.from(bytes, (_, end) => ChunkRecord.decode(bytes.subarray(0, end)));
    expect(lists.filter((list) => list !== undefined)).toHaveLength(2); // At the ends of lines; the store checks its bytes.
  });

  test('is nothing for bytes that are anything else', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => expect(ChunkRecord.decode(bytes)).toBeUndefined()));
    for (const text of ['', 'x\n', 'gorego-chunks 1 blob 1\n', 'gorego-chunks 1 part sha256:00/1 5\n']) {
      expect(ChunkRecord.decode(Buffer.from(text))).toBeUndefined();
    }
  });
});
