import assert from 'node:assert/strict';
import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { bytesOf } from '../blob-reader.ts';
import type { StagingStore } from '../blob-store.ts';
import { patterned } from './patterned.ts';
import type { Case } from './suite.ts';

export interface StagingSubject {
  readonly store: StagingStore;
}

const ctx = background();
const bytes = patterned(100_000);
const digest = Digest.ofBytes(bytes);

/** What it means to be a StagingStore, beside a BlobStore. */
export const stagingSuite: readonly Case<StagingSubject>[] = [
  {
    name: 'lets its owner read what has been appended, and nobody else until it is committed',
    run: async (open) => {
      await using subject = await open();
      await using staged = await subject.store.stage(ctx, digest);
      for (let at = 0; at < bytes.byteLength; at += 33_333) {
        await staged.append(bytes.subarray(at, at + 33_333));
        assert.equal(staged.sizeBytes, Math.min(at + 33_333, bytes.byteLength));
        const read = await staged.read(at, 1000);
        assert.deepEqual(Buffer.from(read), Buffer.from(bytes.subarray(at, at + read.byteLength)));
        assert(read.byteLength > 0);
        assert.equal(await subject.store.get(ctx, digest), undefined);
      }
      await staged.commit();
      const blob = await subject.store.get(ctx, digest);
      assert(blob !== undefined && Buffer.compare(await bytesOf(blob, 100_000), bytes) === 0);
      assert((await staged.read(5, 10)).byteLength > 0, 'still readable by its owner');
    },
  },
  {
    name: 'leaves nothing of what is disposed before it is committed',
    run: async (open) => {
      await using subject = await open();
      {
        await using staged = await subject.store.stage(ctx, digest);
        await staged.append(bytes);
      }
      await (await subject.store.stage(ctx, digest))[Symbol.asyncDispose]();
      assert.equal(await subject.store.get(ctx, digest), undefined);
    },
  },
  {
    name: 'commits nothing but a whole blob',
    run: async (open) => {
      await using subject = await open();
      await using staged = await subject.store.stage(ctx, digest);
      await staged.append(bytes.subarray(1));
      await assert.rejects(staged.commit(), { code: 'data_loss' });
      assert.equal(await subject.store.get(ctx, digest), undefined);
    },
  },
];
