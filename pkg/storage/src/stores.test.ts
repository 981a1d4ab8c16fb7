import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { describe, expect, test } from '@jest/globals';
import { BlobReader, bytesOf, observed } from './blob-reader.ts';
import type { BlobStore } from './blob-store.ts';
import { completeOnly } from './complete-only.ts';
import { emptyAlwaysHere } from './empty-always-here.ts';
import { MemoryActions, MemoryBlobs } from './memory-store.ts';
import {
  actionCacheSuite,
  blobStoreSuite,
  inPieces,
  keptActionsSuite,
  patterned,
  stagingSuite,
} from './testing/index.ts';
import { verified } from './verified.ts';

const ctx = background();

describe.each<[string, () => BlobStore]>([
  ['MemoryBlobs', () => new MemoryBlobs()],
  ['verified', () => verified(new MemoryBlobs())],
  ['emptyAlwaysHere', () => emptyAlwaysHere(new MemoryBlobs())],
])('%s is a BlobStore: it', (_, make) => {
  test.each(blobStoreSuite)('$name', ({ run }) =>
    run(async () => ({ store: make(), [Symbol.asyncDispose]: async () => {} })),
  );
});

describe('MemoryActions is a cache of KeptActions: it', () => {
  test.each(keptActionsSuite)('$name', ({ run }) =>
    run(async () => ({ actions: new MemoryActions(), [Symbol.asyncDispose]: async () => {} })),
  );
});

describe('MemoryBlobs is a StagingStore: it', () => {
  test.each(stagingSuite)('$name', ({ run }) =>
    run(async () => ({ store: new MemoryBlobs(), [Symbol.asyncDispose]: async () => {} })),
  );
});

describe.each([
  ['MemoryActions', () => new MemoryActions()],
  ['completeOnly', () => completeOnly(new MemoryActions(), new MemoryBlobs(), async () => new Set())],
])('%s is an ActionCache: it', (_, make) => {
  test.each(actionCacheSuite)('$name', ({ run }) =>
    run(async () => ({ actions: make(), [Symbol.asyncDispose]: async () => {} })),
  );
});

describe('verified', () => {
  /** A store that gives `bytes` for whatever it is asked. */
  const lying = (bytes: Uint8Array): BlobStore => ({
    get: async () => inPieces(bytes),
    put: async () => {},
    findMissing: async () => new Set(),
  });

  // obligation: BSR-14
  test('never lets a reader have a whole blob that is wrong', async () => {
    const bytes = patterned(9000);
    const wrong = bytes.slice();
    wrong[0] = 0xff;
    const corrupt: Digest[] = [];
    const digest = Digest.ofBytes(bytes);
    const blob = await verified(lying(wrong), (found) => corrupt.push(found)).get(ctx, digest);
    let received = 0;
    const read = async (): Promise<void> => {
      for await (const chunk of blob ?? []) received += chunk.byteLength;
    };
    await expect(read()).rejects.toMatchObject({ code: 'data_loss' });
    expect(received).toBeLessThan(9000);
    expect(corrupt).toEqual([digest]);
  });

  test('hashes once what was verified before', async () => {
    const bytes = patterned(10);
    const digest = Digest.ofBytes(bytes);
    const trusted = BlobReader.ofBytes(patterned(10, 1), digest); // Whoever marks it answers for it.
    const kept: BlobReader[] = [];
    const keeping: BlobStore = { ...lying(bytes), put: async (_ctx, _digest, blob) => void kept.push(blob) };
    await verified(keeping).put(ctx, digest, trusted);
    expect(kept).toEqual([trusted]);
  });
});

describe('emptyAlwaysHere', () => {
  // obligation: GEN-4, FMB-4
  test('has the empty blob on a fresh store, and never asks for it', async () => {
    const store = emptyAlwaysHere(new MemoryBlobs());
    const empty = Digest.empty('sha256');
    const other = Digest.ofBytes(patterned(3));
    const blob = await store.get(ctx, empty);
    expect(blob && (await bytesOf(blob, 0))).toHaveLength(0);
    expect(await store.findMissing(ctx, new Set([empty, other]))).toEqual(new Set([other]));
    await store.put(ctx, empty, BlobReader.ofBytes(new Uint8Array()));
    await expect(store.get(ctx, empty, { offset: 1 })).rejects.toMatchObject({ code: 'out_of_range' });
  });
});

describe('completeOnly', () => {
  const action = Digest.ofBytes(patterned(99));
  const output = patterned(500);
  const needs = async (): Promise<ReadonlySet<Digest>> => new Set([Digest.ofBytes(output)]);

  // obligation: AC-3
  test('forgets a result whose outputs are gone, and remembers it when they are back', async () => {
    const blobs = new MemoryBlobs();
    const actions = completeOnly(new MemoryActions(), blobs, needs);
    await actions.put(ctx, action, Buffer.from('result'));
    expect(await actions.get(ctx, action)).toBeUndefined();
    await blobs.put(ctx, Digest.ofBytes(output), inPieces(output));
    expect(await actions.get(ctx, action)).toEqual(Buffer.from('result'));
  });

  test('gives it to who looks for the outputs anyway', async () => {
    const actions = completeOnly(new MemoryActions(), new MemoryBlobs(), needs);
    expect(await actions.getUnchecked?.(ctx, action)).toBeUndefined();
    await actions.put(ctx, action, Buffer.from('result'));
    expect(await actions.getUnchecked?.(ctx, action)).toEqual(Buffer.from('result'));
  });

  test('has no result whose references can’t be known', async () => {
    const actions = completeOnly(new MemoryActions(), new MemoryBlobs(), async () => undefined);
    await actions.put(ctx, action, Buffer.from('result'));
    expect(await actions.get(ctx, action)).toBeUndefined();
  });
});

describe('BlobReader', () => {
  test.each([
    ['ends early', [1, 2], 'data_loss'],
    ['goes on too long', [2, 2], 'data_loss'],
  ])('fails when its source %s', async (_, sizes, code) => {
    const chunks = sizes.map((size) => new Uint8Array(size));
    let released = 0;
    const reader = new BlobReader({ sizeBytes: sizes[0] === 1 ? 4 : 3, chunks, release: () => void released++ });
    await expect(bytesOf(reader, 100)).rejects.toMatchObject({ code });
    expect(released).toBe(1);
  });

  test('is not read into more memory than was said', async () => {
    await expect(bytesOf(inPieces(patterned(101)), 100)).rejects.toMatchObject({ code: 'resource_exhausted' });
  });

  test('is observed to its real end', async () => {
    const ends: unknown[] = [];
    const watch = (reader: BlobReader): BlobReader =>
      observed(reader, (outcome, bytes, reason) => ends.push([outcome, bytes, (reason as Error)?.message]));
    await bytesOf(watch(inPieces(patterned(5000))), 5000);
    await watch(inPieces(patterned(5000)))[Symbol.asyncDispose]();
    await expect(bytesOf(watch(inPieces(patterned(5000), { breaksAt: 1 })), 5000)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(ends).toEqual([
      ['complete', 5000, undefined],
      ['abandoned', 0, undefined],
      ['failed', 1, 'the sender hung up'],
    ]);
  });
});
