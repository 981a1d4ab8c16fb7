import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { SeededRandom, SimulatedClock, SimulatedDisk } from '@gorego/simulation';
import { describe, expect, test } from '@jest/globals';
import { BlobReader } from '../blob-reader.ts';
import { endlessRoom, type Room } from '../room.ts';
import { patterned } from '../testing/index.ts';
import { DiskPath } from './disk-path.ts';
import { LocalStore } from './local-store.ts';
import { parentOf } from './staging.ts';

const ctx = background();
const bytes = patterned(100_000);
const digest = Digest.ofBytes(bytes);

/** Has no room for one more name or directory, until something makes way. */
class NamelessDisk extends SimulatedDisk {
  isFull = false;

  override async create(path: string): ReturnType<SimulatedDisk['create']> {
    this.#check();
    return await super.create(path);
  }

  override async makeDirectory(path: string): Promise<void> {
    this.#check();
    await super.makeDirectory(path);
  }

  #check(): void {
    if (this.isFull) throw new Failure('resource_exhausted', 'ENOSPC');
  }
}

/** Somebody removes directories as soon as they are made, so often. */
class SweptDisk extends SimulatedDisk {
  sweeps = 0;

  override async makeDirectory(path: string): Promise<void> {
    await super.makeDirectory(path);
    if (!path.startsWith(DiskPath.blobs) || this.sweeps === 0) return;
    this.sweeps--;
    await this.removeDirectory(path);
  }
}

describe('a file on its way to a name', () => {
  test.each([1, 2])('gets it when somebody removes its directory meanwhile (%d)', async (sweeps) => {
    const clock = new SimulatedClock(new SeededRandom(1));
    const disk = new SweptDisk(new SeededRandom(1), clock);
    await clock.run(
      (async () => {
        await using store = await LocalStore.open({ disk, clock, random: new SeededRandom(1) });
        await store.reconciled();
        disk.sweeps = sweeps;
        await store.blobs.put(ctx, digest, BlobReader.ofBytes(bytes));
        expect(disk.sweeps).toBe(0);
        expect(disk.files.has(DiskPath.ofBlob(digest))).toBe(true);
      })(),
    );
  });

  test.each(['begun', 'named'])('gets it when something makes way on a disk that is full as it is %s', async (when) => {
    const clock = new SimulatedClock(new SeededRandom(1));
    const disk = new NamelessDisk(new SeededRandom(1), clock);
    let relieved = 0;
    const relieve = async (): Promise<boolean> => {
      relieved++;
      disk.isFull = false;
      return true;
    };
    const room: Room = { ...endlessRoom, relieve };
    await clock.run(
      (async () => {
        await using store = await LocalStore.open({ disk, clock, room, random: new SeededRandom(1) });
        await store.reconciled();
        await using staged = await store.blobs.stage(ctx, digest);
        disk.isFull = when === 'begun';
        await staged.append(bytes);
        disk.isFull = when === 'named';
        await staged.commit();
        expect(relieved).toBe(1);
        expect(await store.blobs.findMissing(ctx, new Set([digest]))).toEqual(new Set());
      })(),
    );
  });

  test('takes the place of directories that were kept without files', async () => {
    const clock = new SimulatedClock(new SeededRandom(1));
    const disk = new NamelessDisk(new SeededRandom(1), clock);
    let store: LocalStore | undefined;
    const relieve = async (): Promise<boolean> => {
      await store?.housekeeping.evict(ctx, Number.MAX_SAFE_INTEGER, 1); // Nothing is so old.
      disk.isFull = (await disk.stat(emptied)) !== undefined;
      return true;
    };
    const put = async (blob: Uint8Array): Promise<void> =>
      await store?.blobs.put(ctx, Digest.ofBytes(blob), BlobReader.ofBytes(blob));
    const first = patterned(100_000, 1);
    const emptied = parentOf(DiskPath.ofBlob(Digest.ofBytes(first)));
    await clock.run(
      (async () => {
        const room: Room = { ...endlessRoom, relieve };
        store = await LocalStore.open({ disk, clock, room, random: new SeededRandom(1) });
        await store.reconciled();
        await put(first);
        await new Promise<void>((resolve) => void clock.after(60_000, resolve));
        await put(patterned(4 << 20, 2));
        await store.housekeeping.evict(ctx, 30_000, 1);
        expect(await disk.list(emptied)).toEqual([]);
        expect(await disk.stat(emptied)).toBeDefined();
        disk.isFull = true;
        await put(bytes);
        expect(await disk.stat(emptied)).toBeUndefined();
        await store[Symbol.asyncDispose]();
      })(),
    );
  });
});
