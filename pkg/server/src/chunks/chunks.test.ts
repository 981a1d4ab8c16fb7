import { randomBytes } from 'node:crypto';
import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import {
  type ActionCache,
  BlobReader,
  type BlobStore,
  bytesOf,
  ChunkedBlobs,
  emptyAlwaysHere,
  MemoryActions,
  MemoryBlobs,
} from '@gorego/storage';
import { describe, expect, test } from '@jest/globals';
import { chunkingFunction } from './chunking-functions.ts';
import type { ChunkingInstance } from './chunking-instance.ts';
import { splice } from './splice.ts';
import { Splits } from './split.ts';

const ctx = background();
const fastCdc = chunkingFunction(1);

/** A cache of one tier, and the bytes that it has. */
function cache(records: ActionCache = new MemoryActions()): ChunkingInstance & { readonly inner: MemoryBlobs } {
  const inner = new MemoryBlobs();
  const chunks = new ChunkedBlobs({ blobs: inner, records });
  return { inner, chunks, blobs: emptyAlwaysHere(chunks) };
}

async function put(to: BlobStore, sizeBytes: number): Promise<Digest> {
  const bytes = randomBytes(sizeBytes);
  const digest = Digest.ofBytes(bytes);
  await to.put(ctx, digest, BlobReader.ofBytes(bytes));
  return digest;
}

async function read(from: BlobStore, ...digests: readonly Digest[]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (const digest of digests) parts.push(await bytesOf((await from.get(ctx, digest)) as BlobReader, 1e8));
  return Buffer.concat(parts);
}

const noRoom: ActionCache = {
  get: async () => undefined,
  put: () => Promise.reject(new Failure('resource_exhausted', 'the disk is full')),
};

describe('splitting a blob', () => {
  // obligation: SPL-1
  test('takes no room for its chunks, but for one that is small', async () => {
    const subject = cache();
    const digest = await put(subject.inner, 20_000_000);
    const { chunks } = await new Splits().split(ctx, subject, digest, fastCdc);
    expect(Digest.ofBytes(await read(subject.blobs, ...chunks))).toBe(digest);
    expect(subject.inner.size).toBeLessThanOrEqual(2);
  });

  // obligation: SPL-2
  test('fails for want of room', async () => {
    const subject = cache(noRoom);
    const digest = await put(subject.inner, 4_000_000);
    const split = new Splits().split(ctx, subject, digest, fastCdc);
    await expect(split).rejects.toMatchObject({ code: 'resource_exhausted' });
  });

  // obligation: SPL-2, SPC-5
  test('has not found a blob whose bytes are gone, wherever they were', async () => {
    const subject = cache();
    const [a, b] = [await put(subject.inner, 2_000_000), await put(subject.inner, 3_000_000)];
    const whole = Digest.ofBytes(await read(subject.inner, a, b));
    await splice(ctx, subject, whole, { chunks: [a, b], chunkingFunction: 0 });
    expect((await new Splits().split(ctx, subject, whole, fastCdc)).chunks).toEqual([a, b]);
    subject.inner.delete(b);
    await expect(new Splits().split(ctx, subject, whole, fastCdc)).rejects.toMatchObject({ code: 'not_found' });
    await new Splits().split(ctx, subject, a, fastCdc);
    subject.inner.delete(a);
    await expect(new Splits().split(ctx, subject, a, fastCdc)).rejects.toMatchObject({ code: 'not_found' });
  });

  // obligation: SPC-5
  test('cuts anew what was made of chunks that are gone since, once it is here whole', async () => {
    const subject = cache();
    const [a, b] = [await put(subject.inner, 2_000_000), await put(subject.inner, 3_000_000)];
    const bytes = await read(subject.inner, a, b);
    const whole = Digest.ofBytes(bytes);
    await splice(ctx, subject, whole, { chunks: [a, b], chunkingFunction: 0 });
    subject.inner.delete(a);
    await subject.blobs.put(ctx, whole, BlobReader.ofBytes(bytes));
    const { chunks } = await new Splits().split(ctx, subject, whole, fastCdc);
    expect(chunks).not.toEqual([a, b]);
    expect(Digest.ofBytes(await read(subject.blobs, ...chunks))).toBe(whole);
  });

  // obligation: SPL-5
  test('uses the blob and each of its chunks', async () => {
    const used = new Set<Digest>();
    const inner = new MemoryBlobs();
    const watched: BlobStore = {
      get: (ctx, digest, range) => inner.get(ctx, digest, range),
      put: (ctx, digest, blob) => inner.put(ctx, digest, blob),
      findMissing: async (ctx, digests) => {
        for (const digest of digests) used.add(digest);
        return inner.findMissing(ctx, digests);
      },
    };
    const chunks = new ChunkedBlobs({ blobs: watched, records: new MemoryActions() });
    const subject = { blobs: chunks, chunks };
    const digest = await put(inner, 5_000_000);
    await new Splits().split(ctx, subject, digest, fastCdc);
    used.clear();
    const list = await new Splits().split(ctx, subject, digest, fastCdc);
    expect(used).toEqual(new Set([digest, ...list.chunks]));
  });

  // obligation: SPL-1
  test('brings a blob near that is only far', async () => {
    const near = cache();
    const far = new MemoryBlobs();
    const blobs: BlobStore = {
      get: async (ctx, digest, range) => (await near.blobs.get(ctx, digest, range)) ?? far.get(ctx, digest, range),
      put: (ctx, digest, blob) => far.put(ctx, digest, blob),
      findMissing: (ctx, digests) => far.findMissing(ctx, digests),
    };
    const digest = await put(far, 5_000_000);
    const { chunks } = await new Splits().split(ctx, { blobs, chunks: near.chunks }, digest, fastCdc);
    expect(Digest.ofBytes(await read(blobs, ...chunks))).toBe(digest);
    expect(far.size).toBe(1);
    const again = await new Splits().split(ctx, { blobs, chunks: near.chunks }, digest, fastCdc);
    expect(again.chunks).toEqual(chunks);
  });

  // obligation: SPL-3
  test('is done by no function that there is none of', () => {
    expect(chunkingFunction(0)).toBe(fastCdc);
    for (const number of [-1, 3, 99]) {
      expect(() => chunkingFunction(number)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
    }
  });
});

describe('splicing a blob', () => {
  // obligation: SPC-1
  test('takes no room, unless it is small', async () => {
    const subject = cache();
    const [a, b] = [await put(subject.inner, 2_000_000), await put(subject.inner, 20_000)];
    for (const [chunks, blobs] of [
      [[a, b, a], 2],
      [[b, b, b], 3],
    ] as const) {
      const whole = Digest.ofBytes(await read(subject.inner, ...chunks));
      await splice(ctx, subject, whole, { chunks, chunkingFunction: 1 });
      expect(Digest.ofBytes(await read(subject.blobs, whole))).toBe(whole);
      expect(subject.inner.size).toBe(blobs);
    }
  });

  // obligation: SPC-2
  test('leaves nothing of chunks that are another blob', async () => {
    const records = new MemoryActions();
    const subject = cache(records);
    for (const sizeBytes of [100, 100_000]) {
      const [a, b] = [await put(subject.inner, sizeBytes), await put(subject.inner, sizeBytes)];
      const whole = Digest.of('sha256', 'ab'.repeat(32), 2 * sizeBytes);
      const before = subject.inner.size;
      const spliced = splice(ctx, subject, whole, { chunks: [a, b], chunkingFunction: 1 });
      await expect(spliced).rejects.toMatchObject({ code: 'invalid_argument' });
      expect(await subject.blobs.findMissing(ctx, new Set([whole]))).toEqual(new Set([whole]));
      expect([subject.inner.size, await records.get(ctx, whole)]).toEqual([before, undefined]);
    }
  });

  // obligation: SPC-2
  test('fails for want of room', async () => {
    const subject = cache(noRoom);
    const [a, b] = [await put(subject.inner, 100_000), await put(subject.inner, 100_000)];
    const whole = Digest.ofBytes(await read(subject.inner, a, b));
    const spliced = splice(ctx, subject, whole, { chunks: [a, b], chunkingFunction: 1 });
    await expect(spliced).rejects.toMatchObject({ code: 'resource_exhausted' });
  });

  // obligation: SPC-3
  test('says that a blob is here which has lost the chunks that it is said to have', async () => {
    const subject = cache();
    const [a, b] = [await put(subject.inner, 100_000), await put(subject.inner, 100_000)];
    const bytes = await read(subject.inner, a, b);
    await subject.blobs.put(ctx, Digest.ofBytes(bytes), BlobReader.ofBytes(bytes));
    await splice(ctx, subject, Digest.ofBytes(bytes), { chunks: [a, b], chunkingFunction: 1 });
    subject.inner.delete(b);
    const again = splice(ctx, subject, Digest.ofBytes(bytes), { chunks: [a, b], chunkingFunction: 1 });
    await expect(again).rejects.toMatchObject({ code: 'already_exists' });
  });

  // obligation: SPC-1
  test('of chunks that are far makes a whole blob there', async () => {
    const near = cache();
    const far = new MemoryBlobs();
    const [a, b] = [await put(far, 100_000), await put(far, 100_000)];
    const whole = Digest.ofBytes(await read(far, a, b));
    await splice(ctx, { blobs: far, chunks: near.chunks }, whole, { chunks: [a, b], chunkingFunction: 1 });
    expect(Digest.ofBytes(await read(far, whole))).toBe(whole);
    const wrong = splice(ctx, { blobs: far, chunks: near.chunks }, Digest.of('sha256', 'cd'.repeat(32), 200_000), {
      ...{ chunks: [a, b], chunkingFunction: 1 },
    });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});
