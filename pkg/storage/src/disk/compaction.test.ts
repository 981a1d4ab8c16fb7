import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { SeededRandom, SimulatedClock, SimulatedDisk } from '@gorego/simulation';
import { describe, expect, test } from '@jest/globals';
import { BlobReader, bytesOf } from '../blob-reader.ts';
import { patterned } from '../testing/index.ts';
import { LocalStore } from './local-store.ts';

const ctx = background();
const hourMs = 3_600_000;
const blobs = Array.from({ length: 40 }, (_, i) => patterned(100 + i, i)).map((bytes) => ({
  bytes,
  digest: Digest.ofBytes(bytes),
}));

const openOn = (
  disk: SimulatedDisk,
  clock: SimulatedClock,
  durability: 'process' | 'power',
  boot: string,
): Promise<LocalStore> =>
  LocalStore.open({ ...{ disk, clock, durability, boot }, random: new SeededRandom(1), segmentBytes: 800 });

describe('compacting', () => {
  test.each(Array.from({ length: 20 }, (_, i) => i + 1))(
    'keeps what had reached the disk long ago, though the power goes right after (%d)',
    async (seed) => {
      const clock = new SimulatedClock(new SeededRandom(seed));
      const disk = new SimulatedDisk(new SeededRandom(seed), clock);
      await clock.run(
        (async () => {
          const before = await openOn(disk, clock, 'power', 'first');
          for (const { digest, bytes } of blobs) await before.blobs.put(ctx, digest, BlobReader.ofBytes(bytes));
          await before[Symbol.asyncDispose]();
          await new Promise<void>((resolve) => void clock.after(hourMs, resolve));

          const store = await openOn(disk, clock, 'process', 'first');
          await store.reconciled();
          let rounds = seed % 7;
          await store.housekeeping.compact(ctx, 0, () => rounds-- === 0);

          const after = await openOn(disk.afterwards('power'), clock, 'process', 'second');
          await after.reconciled();
          for (const { digest, bytes } of blobs) {
            const blob = await after.blobs.get(ctx, digest);
            expect(blob && Buffer.compare(await bytesOf(blob, 1 << 20), bytes)).toBe(0);
          }
          await after[Symbol.asyncDispose]();
        })(),
      );
    },
  );
});
