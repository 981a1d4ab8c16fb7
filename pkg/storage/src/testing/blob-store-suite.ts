import assert from 'node:assert/strict';
import { background, Scope } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { BlobReader, bytesOf } from '../blob-reader.ts';
import type { BlobStore } from '../blob-store.ts';
import { Mark } from '../checklist.ts';
import { checklistOf } from './checklist-of.ts';
import { inPieces, patterned } from './patterned.ts';
import type { Case } from './suite.ts';

export interface BlobStoreSubject {
  readonly store: BlobStore;
  /** Every store a `put` must reach, so that a copy nobody reads back is checked too. */
  readonly leaves?: readonly BlobStore[];
}

const ctx = background();

/**
 * What it means to be a BlobStore. Every store and every decorator passes this, and a new promise in blob-store.ts is a
 * new case here.
 */
export const blobStoreSuite: readonly Case<BlobStoreSubject>[] = [
  ...([1, 2, 1023, 1024, 1025, 65_535, 65_536, 65_537, 300_000].map((sizeBytes) => ({
    name: `keeps ${sizeBytes} bytes, given in pieces or whole`,
    run: async (open) => {
      await using subject = await open();
      for (const [salt, wrap] of [inPieces, (bytes: Uint8Array) => BlobReader.ofBytes(bytes)].entries()) {
        const bytes = patterned(sizeBytes, salt);
        const digest = Digest.ofBytes(bytes);
        await subject.store.put(ctx, digest, wrap(bytes));
        for (const store of [subject.store, ...(subject.leaves ?? [])]) {
          const blob = await store.get(ctx, digest);
          assert(blob !== undefined);
          assert.equal(blob.sizeBytes, sizeBytes);
          assertSame(await bytesOf(blob, sizeBytes), bytes);
        }
        assert.deepEqual(await subject.store.findMissing(ctx, new Set([digest])), new Set());
      }
    },
  })) satisfies Case<BlobStoreSubject>[]),
  {
    name: 'says undefined, not Failure, for a blob that is not here',
    run: async (open) => {
      await using subject = await open();
      const digest = Digest.ofBytes(patterned(7));
      assert.equal(await subject.store.get(ctx, digest), undefined);
      assert.deepEqual(await subject.store.findMissing(ctx, new Set([digest])), new Set([digest]));
    },
  },
  {
    name: 'tells exactly which are missing',
    run: async (open) => {
      await using subject = await open();
      const blobs = Array.from({ length: 20 }, (_, i) => patterned(50 + i, i));
      const digests = blobs.map((bytes) => Digest.ofBytes(bytes));
      for (const [i, bytes] of blobs.entries()) {
        if (i % 3 === 0) await subject.store.put(ctx, digests[i] as Digest, inPieces(bytes));
      }
      const missing = await subject.store.findMissing(ctx, new Set(digests));
      assert.deepEqual(new Set(missing), new Set(digests.filter((_, i) => i % 3 !== 0)));
      assert.deepEqual(await subject.store.findMissing(ctx, new Set()), new Set());
    },
  },
  {
    name: 'marks at once nothing as here or absent that is not',
    run: async (open) => {
      await using subject = await open();
      const blobs = [...Array.from({ length: 30 }, (_, i) => 50 + i), 100_000, 200_000].map((size) => patterned(size));
      const digests = blobs.map((bytes) => Digest.ofBytes(bytes));
      for (const [i, bytes] of blobs.entries()) {
        if (i % 3 !== 0) await subject.store.put(ctx, digests[i] as Digest, inPieces(bytes));
      }
      const others = digests.map((digest) => Digest.of('sha256', Digest.hex(digest), Digest.sizeBytes(digest) + 1));
      const list = checklistOf([...digests, ...others]);
      subject.store.mark?.(ctx, list);
      const missing = await subject.store.findMissing(ctx, new Set([...digests, ...others]));
      for (let i = 0; i < list.count; i++) {
        if (list.markOf(i) !== Mark.none) assert.equal(list.markOf(i) === Mark.absent, missing.has(list.digest(i)));
      }
    },
  },
  {
    name: 'never takes a size for another', // obligation: GEN-2
    run: async (open) => {
      await using subject = await open();
      const bytes = patterned(100);
      const digest = Digest.ofBytes(bytes);
      await subject.store.put(ctx, digest, inPieces(bytes));
      const other = Digest.of('sha256', Digest.hex(digest), 99);
      assert.equal(await subject.store.get(ctx, other), undefined);
      assert.deepEqual(await subject.store.findMissing(ctx, new Set([digest, other])), new Set([other]));
    },
  },
  {
    name: 'reads any range, and nothing past the end',
    run: async (open) => {
      await using subject = await open();
      for (const sizeBytes of [1000, 200_000]) {
        const bytes = patterned(sizeBytes);
        const digest = Digest.ofBytes(bytes);
        await subject.store.put(ctx, digest, inPieces(bytes));
        const ranges = [
          [0, 1],
          [1, 998],
          [sizeBytes - 1, 1],
          [sizeBytes, 5],
          [400, undefined],
          [0, sizeBytes * 2],
        ] as const;
        for (const [offset, limit] of ranges) {
          const blob = await subject.store.get(ctx, digest, limit === undefined ? { offset } : { offset, limit });
          assert(blob !== undefined);
          const expected = bytes.subarray(offset, limit && offset + limit);
          assert.equal(blob.sizeBytes, expected.byteLength);
          assertSame(await bytesOf(blob, sizeBytes), expected);
        }
        const past = subject.store.get(ctx, digest, { offset: sizeBytes + 1 });
        await assert.rejects(past, { code: 'out_of_range' });
      }
    },
  },
  {
    name: 'owns what it is given, whatever happens',
    run: async (open) => {
      await using subject = await open();
      const bytes = patterned(5000);
      const digest = Digest.ofBytes(bytes);
      for (const breaksAt of [3, undefined, undefined]) {
        let released = 0;
        const put = subject.store.put(ctx, digest, inPieces(bytes, { breaksAt, onRelease: () => released++ }));
        await put.catch(() => {});
        assert.equal(released, 1, `released ${released} times`);
      }
    },
  },
  {
    name: 'keeps nothing of a blob that broke off',
    run: async (open) => {
      await using subject = await open();
      for (const [sizeBytes, breaksAt] of [
        [5000, 0],
        [5000, 2],
        [300_000, 100],
      ] as const) {
        const bytes = patterned(sizeBytes);
        const digest = Digest.ofBytes(bytes);
        await assert.rejects(subject.store.put(ctx, digest, inPieces(bytes, { breaksAt })), { code: 'unavailable' });
        assert.equal(await subject.store.get(ctx, digest), undefined);
        assert.deepEqual(await subject.store.findMissing(ctx, new Set([digest])), new Set([digest]));
      }
    },
  },
  {
    name: 'refuses bytes that are not what they are called, and keeps nothing of them', // obligation: BUB-2, BSW-6
    run: async (open) => {
      await using subject = await open();
      for (const sizeBytes of [100, 300_000]) {
        const bytes = patterned(sizeBytes);
        const digest = Digest.ofBytes(bytes);
        const flipped = bytes.slice();
        flipped[sizeBytes - 1] = ~(flipped[sizeBytes - 1] as number);
        for (const wrong of [inPieces(flipped), BlobReader.ofBytes(flipped), inPieces(bytes.subarray(1))]) {
          await assert.rejects(subject.store.put(ctx, digest, wrong), { code: 'invalid_argument' });
        }
        for (const store of [subject.store, ...(subject.leaves ?? [])]) {
          assert.equal(await store.get(ctx, digest), undefined);
        }
        await subject.store.put(ctx, digest, inPieces(bytes));
        assertSame(await bytesOf(await here(subject.store, digest), sizeBytes), bytes);
      }
    },
  },
  {
    name: 'can be left in the middle of a read',
    run: async (open) => {
      await using subject = await open();
      const bytes = patterned(300_000);
      const digest = Digest.ofBytes(bytes);
      await subject.store.put(ctx, digest, inPieces(bytes));
      for await (const _ of await here(subject.store, digest)) break;
      await (await here(subject.store, digest))[Symbol.asyncDispose]();
      assertSame(await bytesOf(await here(subject.store, digest), 300_000), bytes);
    },
  },
  {
    name: 'stops when its context ends, and says why',
    run: async (open) => {
      await using subject = await open();
      using scope = new Scope();
      scope.cancel(new Failure('deadline_exceeded', 'too late'));
      const digest = Digest.ofBytes(patterned(10));
      const put = subject.store.put(scope, digest, inPieces(patterned(10)));
      await assert.rejects(put, { code: 'deadline_exceeded' });
      const get = async (): Promise<void> => {
        const blob = await subject.store.get(scope, digest);
        if (blob !== undefined) await bytesOf(blob, 10);
      };
      await assert.rejects(get, { code: 'deadline_exceeded' });
    },
  },
  {
    name: 'serves many at once, one of them breaking off', // obligation: BSW-18
    run: async (open) => {
      await using subject = await open();
      for (const sizeBytes of [50, 150_000]) {
        const bytes = patterned(sizeBytes);
        const digest = Digest.ofBytes(bytes);
        const puts = Array.from({ length: 8 }, (_, i) =>
          subject.store.put(ctx, digest, inPieces(bytes, { breaksAt: i === 0 ? 0 : undefined })),
        );
        const outcomes = await Promise.allSettled(puts);
        assert(outcomes.slice(1).every(({ status }) => status === 'fulfilled'));
        const reads = Array.from({ length: 8 }, async () => bytesOf(await here(subject.store, digest), sizeBytes));
        for (const got of await Promise.all(reads)) assertSame(got, bytes);
      }
    },
  },
];

async function here(store: BlobStore, digest: Digest): Promise<BlobReader> {
  const blob = await store.get(ctx, digest);
  assert(blob !== undefined, `${digest} is not here`);
  return blob;
}

/** Compares without printing a megabyte when it fails. */
function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assert(
    Buffer.compare(actual, expected) === 0,
    `${actual.byteLength} bytes are not the ${expected.byteLength} expected`,
  );
}
