import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { SeededRandom, SimulatedClock, SimulatedDisk } from '@gorego/simulation';
import { describe, expect, test } from '@jest/globals';
import { BlobReader } from '../blob-reader.ts';
import { patterned } from '../testing/index.ts';
import { DiskPath } from './disk-path.ts';
import { LocalStore } from './local-store.ts';
import { parentOf } from './staging.ts';

const ctx = background();
const blobs = Array.from({ length: 30 }, (_, i) => patterned(100 + i, i)).map((bytes) => ({
  bytes,
  digest: Digest.ofBytes(bytes),
}));
const digests = new Set(blobs.map(({ digest }) => digest));

/** Much beside them: for such, directories are kept. */
const large = Array.from({ length: 4 }, (_, i) => patterned(4 << 20, 100 + i));

/** In a store of files; a loss of power afterwards loses nothing that was there. */
async function inStore(
  seed: number,
  work: (store: LocalStore, disk: SimulatedDisk, clock: SimulatedClock) => Promise<void>,
): Promise<void> {
  const clock = new SimulatedClock(new SeededRandom(seed));
  const disk = new SimulatedDisk(new SeededRandom(seed), clock);
  await clock.run(
    (async () => {
      await using store = await openOn(disk, clock);
      await store.reconciled();
      for (const { bytes, digest } of blobs) await store.blobs.put(ctx, digest, BlobReader.ofBytes(bytes));
      await work(store, disk, clock);
      const after = await openOn(disk.afterwards('power'), clock);
      await after.reconciled();
      const lost = await after.blobs.findMissing(ctx, digests);
      expect(lost.difference(await store.blobs.findMissing(ctx, digests))).toEqual(new Set());
      await after[Symbol.asyncDispose]();
    })(),
  );
}

const openOn = (disk: SimulatedDisk, clock: SimulatedClock): Promise<LocalStore> =>
  LocalStore.open({
    ...{ disk, clock, random: new SeededRandom(1), boot: 'this one', durability: 'power', segmentThreshold: 0 },
  });

/** Will not let go of one of its files. */
class StickyDisk extends SimulatedDisk {
  stuck = '';

  override async remove(path: string): Promise<boolean> {
    if (path === this.stuck) throw new Failure('internal', `remove ${path}: EIO`);
    return await super.remove(path);
  }
}

const all = 2 ** 40;
const filesOn = (disk: SimulatedDisk): string[] =>
  Array.from(disk.files.keys()).filter((path) => path.startsWith('cas/'));

describe('removing what has files of its own', () => {
  test('leaves neither files nor directories, and forgets them', () =>
    inStore(1, async (store, disk) => {
      const { count } = await store.housekeeping.evict(ctx, 0, all);
      expect(count).toBe(blobs.length);
      expect(filesOn(disk)).toEqual([]);
      expect(await disk.list('cas')).toEqual([]);
      expect(await store.blobs.findMissing(ctx, digests)).toEqual(digests);
    }));

  test('removes no more than it must', () =>
    inStore(2, async (store, disk) => {
      const { count } = await store.housekeeping.evict(ctx, 0, 10 * 4096);
      expect(count).toBe(10);
      expect(filesOn(disk)).toHaveLength(20);
    }));

  test('keeps directories that have become empty, a few for what files there are', () =>
    inStore(9, async (store, disk, clock) => {
      const paths = blobs.map(({ digest }) => parentOf(DiskPath.ofBlob(digest)));
      const there = async (): Promise<boolean[]> =>
        await Promise.all(paths.map(async (path) => (await disk.stat(path)) !== undefined));
      await new Promise<void>((resolve) => void clock.after(60_000, resolve));
      for (const bytes of large) await store.blobs.put(ctx, Digest.ofBytes(bytes), BlobReader.ofBytes(bytes));
      const before = store.diskBytes;
      await store.housekeeping.evict(ctx, 30_000, all);
      expect(await store.blobs.findMissing(ctx, digests)).toEqual(digests);
      expect(await there()).toEqual(blobs.map(() => true));
      expect(before - store.diskBytes).toBe(blobs.length * 4096);
      await store.housekeeping.evict(ctx, 0, 3 * (4 << 20));
      const kept = (await there()).filter((isThere) => isThere).length;
      expect(kept).toBeLessThanOrEqual((4 << 20) / 64 / 4096);
      await store.housekeeping.evict(ctx, 0, all);
      expect(await disk.list('cas')).toEqual([]);
    }));

  test('spares what is brought again meanwhile', () =>
    inStore(3, async (store, disk) => {
      const again = blobs.map(({ bytes, digest }) => store.blobs.put(ctx, digest, BlobReader.ofBytes(bytes)));
      await Promise.all([store.housekeeping.evict(ctx, 0, all), ...again]);
      const missing = await store.blobs.findMissing(ctx, digests);
      expect(filesOn(disk)).toHaveLength(blobs.length - missing.size);
    }));

  test('one that can’t be removed stays known, and goes last the next time', async () => {
    const clock = new SimulatedClock(new SeededRandom(1));
    const disk = new StickyDisk(new SeededRandom(1), clock);
    await clock.run(
      (async () => {
        await using store = await openOn(disk, clock);
        await store.reconciled();
        const [stuck, ...others] = blobs as [(typeof blobs)[0], ...typeof blobs];
        disk.stuck = DiskPath.ofBlob(stuck.digest);
        for (const { bytes, digest } of blobs) {
          await store.blobs.put(ctx, digest, BlobReader.ofBytes(bytes));
          await new Promise<void>((resolve) => void clock.after(1000, resolve));
        }
        const evict = async (): Promise<void> => {
          const survey = await store.housekeeping.survey(ctx);
          await store.housekeeping.evict(ctx, survey.ageOfOldest(4096), 4096);
        };
        await expect(evict()).rejects.toMatchObject({ code: 'internal' });
        expect(store.count).toBe(blobs.length);
        await evict();
        expect(await store.blobs.findMissing(ctx, digests)).toEqual(new Set([others[0]?.digest]));
      })(),
    );
  });

  test.each([4, 5, 6, 7, 8])('what is brought after it survives a loss of power like anything else (%d)', (seed) =>
    inStore(seed, async (store) => {
      await store.housekeeping.evict(ctx, 0, all);
      for (const { bytes, digest } of blobs) await store.blobs.put(ctx, digest, BlobReader.ofBytes(bytes));
      expect(await store.blobs.findMissing(ctx, digests)).toEqual(new Set());
    }),
  );
});
