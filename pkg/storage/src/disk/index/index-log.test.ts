import { SeededRandom, SimulatedClock, SimulatedDisk } from '@gorego/simulation';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Ticks } from '../ticks.ts';
import { EntryIndex, type NewEntry } from './entry-index.ts';
import { IndexFiles } from './index-files.ts';
import { IndexLog } from './index-log.ts';
import type { Key } from './key.ts';
import { recovered } from './recovered.ts';

const keyOf = (i: number): Key => ({
  a: Math.imul(i, 0x9e3779b1) >>> 0,
  b: Math.imul(i, 0x85ebca77) >>> 0,
  c: i,
  d: 1,
});
const entryOf = (i: number): NewEntry => ({ kind: 'blob', sizeBytes: i * 3, segment: 1, offset: i * 100, used: i });

/** An index that is written down, on a simulated disk. */
class Scene {
  readonly random = new SeededRandom(1);
  readonly clock = new SimulatedClock(this.random);
  disk = new SimulatedDisk(this.random, this.clock);
  index = new EntryIndex();
  failures: string[] = [];
  boot = 'boot 1';

  async begin(generation = 1): Promise<IndexLog> {
    return IndexLog.begin({
      disk: this.disk,
      clock: this.clock,
      boot: this.boot,
      index: this.index,
      facts: () => ({ ticks: 1000, segmentEnds: new Map([[1, 77]]) }),
      generation,
      onFailure: ({ message }) => this.failures.push(message),
    });
  }

  add(log: IndexLog, i: number): void {
    this.index.set(keyOf(i), entryOf(i));
    log.set(keyOf(i));
  }

  forget(log: IndexLog, i: number): void {
    this.index.delete(keyOf(i));
    log.forget(keyOf(i));
  }

  async run<T>(work: (scene: this) => Promise<T>): Promise<T> {
    return await this.clock.run(work(this));
  }

  known(index: EntryIndex, upTo: number): number[] {
    return Array.from({ length: upTo }, (_, i) => i).filter((i) => index.get(keyOf(i))?.offset === i * 100);
  }
}

describe('what is written down of the index', () => {
  test('is all there after a crash, once it was flushed', () =>
    new Scene().run(async (scene) => {
      const log = await scene.begin();
      for (let i = 0; i < 5000; i++) scene.add(log, i);
      for (let i = 0; i < 5000; i += 2) scene.forget(log, i);
      await log.flush();
      const found = await recovered(scene.disk, scene.boot);
      expect(scene.known(found.index, 5000)).toEqual(Array.from({ length: 2500 }, (_, i) => i * 2 + 1));
      expect(found).toMatchObject({ isComplete: false, isClean: false, suspectFrom: undefined, nextGeneration: 2 });
      expect(found.segmentEnds).toEqual(new Map([[1, 499_900]]));
    }));

  test('is flushed by itself soon', () =>
    new Scene().run(async (scene) => {
      const log = await scene.begin();
      scene.add(log, 1);
      await new Promise<void>((resolve) => scene.clock.after(100, resolve));
      expect(scene.known((await recovered(scene.disk, scene.boot)).index, 5)).toEqual([1]);
    }));

  test('is a snapshot and what came since, and nothing older is left', () =>
    new Scene().run(async (scene) => {
      const log = await scene.begin();
      for (let i = 0; i < 100; i++) scene.add(log, i);
      const taking = log.snapshot();
      scene.add(log, 100); // While it is taken.
      scene.forget(log, 5);
      await taking;
      scene.add(log, 101);
      await log.flush();
      const found = await recovered(scene.disk, scene.boot);
      expect(scene.known(found.index, 200)).toEqual(Array.from({ length: 102 }, (_, i) => i).filter((i) => i !== 5));
      expect(found).toMatchObject({ isComplete: true, isClean: false, suspectFrom: undefined, nextGeneration: 3 });
      expect((await scene.disk.list('index')).map(({ name }) => name).sort()).toEqual([
        'journal-0000000002',
        'snapshot-0000000002',
      ]);
    }));

  test('says that the end was in order', () =>
    new Scene().run(async (scene) => {
      const log = await scene.begin();
      scene.add(log, 1);
      await log.close();
      expect(await recovered(scene.disk, 'boot 2')).toMatchObject({ isComplete: true, isClean: true });
    }));

  test('says since when to be suspicious, after a loss of power', () =>
    new Scene().run(async (scene) => {
      const log = await scene.begin();
      await log.snapshot();
      scene.add(log, 1);
      await log.flush();
      const { suspectFrom } = await recovered(scene.disk, 'boot 2');
      expect(suspectFrom).toBe(Ticks.of(scene.clock.now()) - 960);
    }));

  test('falls back on looking at everything when the snapshot is damaged', () =>
    new Scene().run(async (scene) => {
      const log = await scene.begin();
      for (let i = 0; i < 100; i++) scene.add(log, i);
      await log.snapshot();
      const file = await scene.disk.openToWrite(IndexFiles.snapshot(2));
      await file?.write([Buffer.of(1, 2, 3)], 5000);
      await file?.close();
      expect(await recovered(scene.disk, scene.boot)).toMatchObject({ isComplete: false, nextGeneration: 3 });
    }));

  test('goes on without a journal when the disk refuses, says so, and makes up for it by a snapshot', () =>
    new Scene().run(async (scene) => {
      const log = await scene.begin();
      const kind = { slowestMs: 1, fails: 0, failure: 'internal', capacityBytes: Number.POSITIVE_INFINITY } as const;
      scene.disk.trouble({ ...kind, fails: 1, failure: 'resource_exhausted' });
      scene.add(log, 1);
      await log.flush();
      expect(scene.failures).toHaveLength(1);
      scene.disk.trouble(kind);
      scene.add(log, 2);
      await log.flush();
      expect(log.isLong).toBe(true);
      expect(scene.known((await recovered(scene.disk, scene.boot)).index, 5)).toEqual([]);
      await log.snapshot();
      expect(scene.known((await recovered(scene.disk, scene.boot)).index, 5)).toEqual([1, 2]);
    }));

  test('of any prefix of a journal, is what was so at some time', async () => {
    const scene = new Scene();
    const states = await scene.run(async () => {
      const log = await scene.begin();
      const states: string[] = [JSON.stringify([])];
      for (let i = 0; i < 60; i++) {
        if (i % 3 === 2) scene.forget(log, i - 1);
        else scene.add(log, i);
        await log.flush();
        states.push(JSON.stringify(scene.known(scene.index, 60)));
      }
      return states;
    });
    const whole = scene.disk.files.get(IndexFiles.journal(1))?.bytes ?? new Uint8Array();
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.byteLength), fc.boolean(), async (length, isGarbled) => {
        const other = new Scene();
        await other.run(async () => {
          const cut = whole.slice(0, length);
          if (isGarbled && length > 20) cut[length - 1] = (cut[length - 1] as number) ^ 0x40;
          await other.disk.makeDirectory('index');
          const file = await other.disk.create(IndexFiles.journal(1));
          await file.write([cut], 0);
          await file.close();
          const { index } = await recovered(other.disk, 'boot 1');
          expect(states).toContain(JSON.stringify(other.known(index, 60)));
        });
      }),
      { numRuns: 200 },
    );
  });
});
