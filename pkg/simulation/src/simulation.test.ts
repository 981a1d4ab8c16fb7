import { background, sleep } from '@gorego/context';
import { LocalStore } from '@gorego/storage';
import { blobStoreSuite, stagingSuite } from '@gorego/storage/testing';
import { describe, expect, test } from '@jest/globals';
import { SeededRandom } from './seeded-random.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { kindDisk, SimulatedDisk } from './simulated-disk.ts';

const ctx = background();

test('the same seed gives the same chance', () => {
  const draw = (seed: number): unknown => {
    const random = new SeededRandom(seed);
    return [random.fraction(), random.hex(20), random.between(1, 6), random.bytes(9), random.pick(['a', 'b', 'c'])];
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

describe('SimulatedClock', () => {
  test('lets time pass only when everyone waits, in order', async () => {
    const clock = new SimulatedClock(new SeededRandom(1));
    const seen: [string, number][] = [];
    const walk = async (name: string, ms: number): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await sleep(ctx, clock, ms);
        seen.push([name, clock.monotonic()]);
      }
    };
    await clock.run(Promise.all([walk('a', 10), walk('b', 25)]));
    expect(seen).toEqual([
      ['a', 10],
      ['a', 20],
      ['b', 25],
      ['a', 30],
      ['b', 50],
      ['b', 75],
    ]);
  });

  test('calls a standstill by its name', async () => {
    const clock = new SimulatedClock(new SeededRandom(1));
    await expect(clock.run(new Promise(() => {}))).rejects.toThrow(/^deadlock/);
  });

  test('does not run what was stopped', async () => {
    const clock = new SimulatedClock(new SeededRandom(1));
    let ran = 0;
    const stop = clock.after(5, () => ran++);
    clock.after(5, () => ran++);
    stop();
    await clock.run(sleep(ctx, clock, 10));
    expect(ran).toBe(1);
  });
});

describe('a LocalStore on a SimulatedDisk is a StagingStore: it', () => {
  test.each([...blobStoreSuite, ...stagingSuite])('$name', async ({ run }) => {
    const clock = new SimulatedClock(new SeededRandom(1));
    const disk = new SimulatedDisk(new SeededRandom(2), clock, kindDisk);
    const open = async (): Promise<{ store: LocalStore['blobs'] } & AsyncDisposable> => {
      const store = await LocalStore.open({ disk, random: new SeededRandom(3), clock });
      return { store: store.blobs, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
    };
    await clock.run(run(open));
    expect(disk.openFiles).toBe(0);
  });
});
