import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { SeededRandom, SimulatedClock, SimulatedDisk } from '@gorego/simulation';
import { describe, expect, test } from '@jest/globals';
import { BlobReader, bytesOf } from '../blob-reader.ts';
import { patterned } from '../testing/index.ts';
import { LocalStore } from './local-store.ts';

type Durability = 'process' | 'power';

/** Hundreds of stores are opened; on a busy machine that takes its time. */
const timeoutMs = 120_000;

const ctx = background();
const blobs = Array.from({ length: 12 }, (_, i) => patterned(i % 3 === 0 ? 3000 + i : 60 + i, i)).map((bytes) => ({
  bytes,
  digest: Digest.ofBytes(bytes),
}));
const action = Digest.ofBytes(Buffer.from('an action'));

/** What was acknowledged before the machine stopped. */
interface Acknowledged {
  readonly blobs: Set<Digest>;
  /** Of the results that were put one after the other, the last that was acknowledged; and the last that was begun. */
  result: number;
  begun: number;
}

function openOn(
  disk: SimulatedDisk,
  clock: SimulatedClock,
  seed: number,
  durability: Durability,
  boot: string,
): Promise<LocalStore> {
  const random = new SeededRandom(seed);
  return LocalStore.open({ disk, random, clock, boot, durability, segmentThreshold: 1000, segmentBytes: 400 });
}

/** Stores things, a few at a time, until the machine stops. */
async function history(
  disk: SimulatedDisk,
  clock: SimulatedClock,
  seed: number,
  durability: Durability,
): Promise<Acknowledged> {
  const done: Acknowledged = { blobs: new Set(), result: 0, begun: 0 };
  try {
    const store = await openOn(disk, clock, seed, durability, 'before');
    await store.reconciled();
    const results = store.actions('a');
    for (let i = 0; i < blobs.length; i += 3) {
      const some = blobs.slice(i, i + 3).map(async ({ digest, bytes }) => {
        await store.blobs.put(ctx, digest, BlobReader.ofBytes(bytes));
        if (!disk.isDead) done.blobs.add(digest);
      });
      done.begun++;
      const result = results.put(ctx, action, Buffer.from(`result ${done.begun}`)).then(() => {
        if (!disk.isDead) done.result = done.begun;
      });
      const settled = await Promise.allSettled([...some, result]);
      for (const outcome of settled) if (outcome.status === 'rejected') throw outcome.reason;
    }
    await store[Symbol.asyncDispose]();
  } catch (reason) {
    if (!(reason instanceof Failure) || !disk.isDead) throw reason;
  }
  return done;
}

/** Starts again on what is left, and looks at everything. */
async function inspected(
  disk: SimulatedDisk,
  clock: SimulatedClock,
  seed: number,
  done: Acknowledged,
  end: Durability,
  isKept: boolean,
): Promise<void> {
  const store = await openOn(disk, clock, seed, 'process', end === 'process' ? 'before' : 'after');
  const look = async (): Promise<void> => {
    for (const { digest, bytes } of blobs) {
      const isMissing = (await store.blobs.findMissing(ctx, new Set([digest]))).size > 0;
      const blob = await store.blobs.get(ctx, digest);
      if (blob !== undefined) expect(Buffer.compare(await bytesOf(blob, 1 << 20), bytes)).toBe(0);
      if (isKept && done.blobs.has(digest)) expect([isMissing, blob === undefined]).toEqual([false, false]);
      if (end === 'process') expect(isMissing).toBe(blob === undefined);
    }
    const result = await store.actions('a').get(ctx, action);
    const number = result === undefined ? 0 : Number(Buffer.from(result).toString().split(' ')[1]);
    expect(number).toBeLessThanOrEqual(done.begun);
    if (isKept) expect(number).toBeGreaterThanOrEqual(done.result);
  };
  if (end === 'process' || !isKept) await look();
  await store.reconciled();
  await look();
  // What is stored now is there as if nothing had been.
  for (const { digest, bytes } of blobs) await store.blobs.put(ctx, digest, BlobReader.ofBytes(bytes));
  for (const { digest } of blobs)
    expect(await store.blobs.get(ctx, digest).then((blob) => blob && bytesOf(blob, 1 << 20))).toBeDefined();
  await store[Symbol.asyncDispose]();
  expect(Array.from(disk.files.keys()).filter((path) => path.startsWith('tmp/'))).toEqual([]);
  expect(disk.openFiles).toBe(0);
}

describe('a store whose machine stops in the middle of any operation', () => {
  test.each<[string, Durability, Durability, boolean]>([
    ['has all it acknowledged, when its process ended', 'process', 'process', true],
    ['has all it acknowledged, when the power went and it was to survive that', 'power', 'power', true],
    ['has nothing wrong, when the power went and it was not', 'process', 'power', false],
  ])(
    '%s',
    async (_, durability, end, isKept) => {
      const clockOf = (seed: number): SimulatedClock => new SimulatedClock(new SeededRandom(seed));
      const whole = clockOf(0);
      const untroubled = new SimulatedDisk(new SeededRandom(0), whole);
      await whole.run(history(untroubled, whole, 0, durability));
      const { operations } = untroubled;
      expect(operations).toBeGreaterThan(70);
      for (let operation = 1; operation <= operations; operation++) {
        const clock = clockOf(operation);
        const disk = new SimulatedDisk(new SeededRandom(operation), clock);
        disk.dieAt(operation);
        await clock
          .run(
            history(disk, clock, operation, durability).then((done) =>
              inspected(disk.afterwards(end), clock, operation, done, end, isKept),
            ),
          )
          .catch((reason: unknown) => {
            throw new Error(`stopped at operation ${operation} of ${operations}`, { cause: reason });
          });
      }
    },
    timeoutMs,
  );
});
