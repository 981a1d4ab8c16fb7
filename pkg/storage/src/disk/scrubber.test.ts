import { background, Scope } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { SeededRandom, SimulatedClock, SimulatedDisk } from '@gorego/simulation';
import { describe, expect, test } from '@jest/globals';
import { BlobReader } from '../blob-reader.ts';
import { patterned } from '../testing/index.ts';
import { DiskPath } from './disk-path.ts';
import { LocalStore } from './local-store.ts';
import { scrub } from './scrubber.ts';

const ctx = background();
const minuteMs = 60_000;
const [small, large] = [patterned(1000), patterned(100_000)];
const [smallDigest, largeDigest] = [Digest.ofBytes(small), Digest.ofBytes(large)];

/** A store of a small blob, a large one and a result, that is scrubbed until `work` ends. */
async function scrubbed(
  bytesPerSecond: number,
  work: (scene: {
    store: LocalStore;
    disk: SimulatedDisk;
    corrupt: string[];
    pass: (ms: number) => Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  const clock = new SimulatedClock(new SeededRandom(1));
  const disk = new SimulatedDisk(new SeededRandom(1), clock);
  const corrupt: string[] = [];
  await clock.run(
    (async () => {
      const observer = { onCorrupt: (digest: Digest): number => corrupt.push(digest) };
      await using store = await LocalStore.open({ disk, clock, random: new SeededRandom(1), observer });
      await store.reconciled();
      await store.blobs.put(ctx, smallDigest, BlobReader.ofBytes(small));
      await store.blobs.put(ctx, largeDigest, BlobReader.ofBytes(large));
      await store.actions('a').put(ctx, smallDigest, Buffer.from('a result'));
      const pass = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
      await pass(minuteMs);
      using scope = new Scope();
      const scrubbing = scrub(scope, store, clock, bytesPerSecond).catch((reason: unknown) => reason);
      await work({ store, disk, corrupt, pass });
      scope.cancel(new Failure('cancelled', 'enough'));
      expect(await scrubbing).toMatchObject({ code: 'cancelled' });
    })(),
  );
}

async function agesOf(store: LocalStore): Promise<number[]> {
  const used: number[] = [];
  for await (const { usedMs } of store.everything(ctx)) used.push(usedMs);
  return used;
}

describe('scrub', () => {
  test('finds what rotted, and sets it aside', () =>
    scrubbed(2 ** 30, async ({ disk, corrupt, pass }) => {
      (disk.files.get(DiskPath.ofBlob(largeDigest))?.bytes as Uint8Array)[5] = 77;
      (disk.files.get('segments/0000000001')?.bytes as Uint8Array)[500] = 77;
      await pass(70 * minuteMs);
      expect(corrupt.sort()).toEqual([smallDigest, largeDigest].sort());
    }));

  test('is no use of anything: what is oldest stays oldest', () =>
    scrubbed(2 ** 30, async ({ store, pass }) => {
      const before = await agesOf(store);
      await pass(130 * minuteMs);
      expect(await agesOf(store)).toEqual(before);
    }));

  test('goes on after the disk failed', () =>
    scrubbed(2 ** 30, async ({ disk, corrupt, pass }) => {
      disk.trouble({ slowestMs: 1, fails: 1, failure: 'resource_exhausted', capacityBytes: 2 ** 40 });
      await pass(70 * minuteMs);
      disk.trouble({ slowestMs: 1, fails: 0, failure: 'internal', capacityBytes: 2 ** 40 });
      (disk.files.get(DiskPath.ofBlob(largeDigest))?.bytes as Uint8Array)[5] = 77;
      await pass(70 * minuteMs);
      expect(corrupt).toEqual([largeDigest]);
    }));

  test('is no faster than it may', () =>
    scrubbed(1000, async ({ disk, corrupt, pass }) => {
      (disk.files.get(DiskPath.ofBlob(largeDigest))?.bytes as Uint8Array)[5] = 77;
      await pass(1000);
      expect(corrupt).toEqual([]);
      await pass(minuteMs);
      expect(corrupt).toEqual([largeDigest]);
    }));
});
