import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { SeededRandom, SimulatedClock, SimulatedDisk } from '@gorego/simulation';
import { describe, expect, test } from '@jest/globals';
import { BlobReader, bytesOf } from '../blob-reader.ts';
import { patterned } from '../testing/index.ts';
import { LocalStore } from './local-store.ts';

const ctx = background();
const bodyBytes = 20_000;
const headerBytes = 68;
const blobs = Array.from({ length: 60 }, (_, i) => patterned(bodyBytes, i)).map((bytes) => ({
  bytes,
  digest: Digest.ofBytes(bytes),
}));
const digests = blobs.map(({ digest }) => digest);
const [first, middle] = [blobs[0], blobs[30]] as [(typeof blobs)[0], (typeof blobs)[0]];
/** Where the body of the record of `middle` lies. */
const start = 30 * (headerBytes + bodyBytes) + headerBytes;
const segment = 'segments/0000000001';

/** A store on a disk that comes to have places that can't be read. */
class Scene {
  readonly clock = new SimulatedClock(new SeededRandom(1));
  disk = new SimulatedDisk(new SeededRandom(1), this.clock);
  corrupt: string[] = [];
  store!: LocalStore;

  static run(work: (scene: Scene) => Promise<void>): Promise<void> {
    const scene = new Scene();
    return scene.clock.run(
      (async () => {
        await scene.open();
        for (const { bytes, digest } of blobs) await scene.store.blobs.put(ctx, digest, BlobReader.ofBytes(bytes));
        await scene.store.actions('a').put(ctx, first.digest, Buffer.from('a result'));
        await work(scene);
        await scene.store[Symbol.asyncDispose]();
      })(),
    );
  }

  async open(boot = 'before'): Promise<void> {
    this.store = await LocalStore.open({
      ...{ disk: this.disk, clock: this.clock, random: new SeededRandom(1), boot, segmentBytes: 2 << 20 },
      observer: { onCorrupt: (_, where) => this.corrupt.push(where) },
    });
    await this.store.reconciled();
  }

  /** What the store has that is right; none of it is wrong. */
  async readable(): Promise<number> {
    let count = 0;
    for (const { bytes, digest } of blobs) {
      const isMissing = (await this.store.blobs.findMissing(ctx, new Set([digest]))).size > 0;
      const blob = await this.store.blobs.get(ctx, digest);
      if (blob === undefined) continue;
      expect([isMissing, Buffer.compare(await bytesOf(blob, 1 << 20), bytes)]).toEqual([false, 0]);
      count++;
    }
    return count;
  }
}

describe('a LocalStore on a disk with places that can’t be read', () => {
  test('has all but the blob that is there, and takes that anew', () =>
    Scene.run(async (scene) => {
      scene.disk.spoil(segment, start + 100, start + 200);
      expect(await scene.readable()).toBe(59);
      expect(await scene.store.blobs.findMissing(ctx, new Set(digests))).toEqual(new Set([middle.digest]));
      expect(scene.corrupt).toHaveLength(1);
      await scene.store.blobs.put(ctx, middle.digest, BlobReader.ofBytes(middle.bytes));
      expect(await scene.readable()).toBe(60);
    }));

  test('has no result that is there, and takes it anew', () =>
    Scene.run(async ({ disk, store }) => {
      disk.spoil(segment, 60 * (headerBytes + bodyBytes));
      expect(await store.actions('a').get(ctx, first.digest)).toBeUndefined();
      expect(Array.from(disk.files.keys()).filter((path) => path.startsWith('quarantine/'))).toEqual([]);
      disk.spoil(segment, 0, 0);
      await store.actions('a').put(ctx, first.digest, Buffer.from('another'));
      expect(Buffer.from((await store.actions('a').get(ctx, first.digest)) ?? []).toString()).toBe('another');
    }));

  test('gives back a segment all the same', () =>
    Scene.run(async (scene) => {
      scene.disk.spoil(segment, start + 100, start + 200);
      for (let i = 60; i < 200; i++) {
        const bytes = patterned(bodyBytes, i);
        await scene.store.blobs.put(ctx, Digest.ofBytes(bytes), BlobReader.ofBytes(bytes));
      }
      expect(scene.disk.files.has('segments/0000000002')).toBe(true);
      await scene.store.housekeeping.compact(ctx, 0, () => !scene.disk.files.has(segment));
      // What is read together with the bad place went with it.
      expect(await scene.readable()).toBeGreaterThan(40);
      expect(await scene.readable()).toBeLessThan(60);
    }));

  test.each(['process', 'power'] as const)('starts without an index after an end of %s', (end) =>
    Scene.run(async (scene) => {
      for (const path of Array.from(scene.disk.files.keys()))
        if (path.startsWith('index/')) await scene.disk.remove(path);
      scene.disk.spoil(segment, start + 100, start + 200);
      await scene.open(end === 'process' ? 'before' : 'after');
      expect(await scene.readable()).toBeGreaterThan(40);
    }),
  );

  test('starts after a loss of power, when what it looks at can’t be read', () =>
    Scene.run(async (scene) => {
      scene.disk.spoil(segment, start + 100, start + 200);
      await scene.open('after');
      expect(await scene.readable()).toBeGreaterThan(57);
    }));

  test.each(['snapshot', 'journal'])('starts when its %s can’t be read', (kind) =>
    Scene.run(async (scene) => {
      await scene.store[Symbol.asyncDispose]();
      await scene.open();
      const more = patterned(bodyBytes, 99);
      await scene.store.blobs.put(ctx, Digest.ofBytes(more), BlobReader.ofBytes(more));
      const files = Array.from(scene.disk.files.keys()).filter((path) => path.startsWith(`index/${kind}`));
      expect(files).toHaveLength(1);
      for (const path of files) scene.disk.spoil(path);
      await scene.open();
      expect(await scene.readable()).toBe(60);
      expect(await scene.store.blobs.findMissing(ctx, new Set([Digest.ofBytes(more)]))).toEqual(new Set());
    }),
  );

  test('says so of each thing that can’t be read when it looks at everything', () =>
    Scene.run(async ({ disk, store }) => {
      disk.spoil(segment, start + 100, start + 200);
      let wrong = 0;
      for await (const stored of store.everything(ctx)) if (!(await stored.isRight())) wrong++;
      expect(wrong).toBeLessThan(2);
    }));
});
