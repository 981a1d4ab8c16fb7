import { background, Scope, TaskGroup } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { kindDisk, SeededRandom, SimulatedClock, SimulatedDisk } from '@gorego/simulation';
import { BlobReader, bytesOf, completeOnly, LocalStore } from '@gorego/storage';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Janitor, type JanitorInit } from './janitor.ts';

const ctx = background();
const blockBytes = 4096;
const maxBytes = 1024 * 1024;

interface Blob {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

function blobOf(number: number, sizeBytes: number): Blob {
  const bytes = Buffer.alloc(sizeBytes, number % 251);
  bytes.writeUInt32LE(number, 0);
  return { bytes, digest: Digest.ofBytes(bytes) };
}

function resultOf(number: number): Digest {
  return Digest.ofBytes(Buffer.from(`action ${number}`));
}

/** A store on a simulated disk, and who keeps it. */
class House implements AsyncDisposable {
  readonly clock: SimulatedClock;
  readonly disk: SimulatedDisk;
  readonly tasks: TaskGroup;
  readonly janitor: Janitor;
  readonly told: string[] = [];
  store!: LocalStore;
  readonly #random: SeededRandom;

  constructor(seed: number, init: Partial<JanitorInit> = {}) {
    this.#random = new SeededRandom(seed);
    this.clock = new SimulatedClock(this.#random);
    this.disk = new SimulatedDisk(this.#random, this.clock);
    this.tasks = new TaskGroup(ctx, (what, { message }) => this.told.push(`${what}: ${message}`));
    this.janitor = new Janitor({
      ...{
        clock: this.clock,
        tasks: this.tasks,
        space: () => this.disk.space(),
        maxBytes,
        minFreeBytes: 0,
        graceMs: 60_000,
      },
      observer: {
        onGraceBroken: () => this.told.push('grace'),
        onPressure: (limit) => this.told.push(limit === undefined ? 'no pressure' : 'pressure'),
      },
      ...init,
    });
  }

  async open(): Promise<this> {
    this.store = await LocalStore.open({
      ...{ disk: this.disk, random: this.#random, clock: this.clock, boot: 'this one', room: this.janitor },
      ...{ segmentThreshold: 2000, segmentBytes: 32 * 1024 },
    });
    await this.store.reconciled();
    this.janitor.keep(this.store.housekeeping);
    return this;
  }

  async put({ bytes, digest }: Blob): Promise<void> {
    await this.store.blobs.put(ctx, digest, BlobReader.ofBytes(bytes));
  }

  async has({ digest }: Blob): Promise<boolean> {
    return (await this.store.blobs.findMissing(ctx, new Set([digest]))).size === 0;
  }

  async isWhole({ digest, bytes }: Blob): Promise<boolean> {
    const blob = await this.store.blobs.get(ctx, digest);
    return blob !== undefined && Buffer.compare(await bytesOf(blob, 1 << 24), bytes) === 0;
  }

  later(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  /** What is on the disk, in blocks; directories are free here. */
  get du(): number {
    let bytes = 0;
    for (const file of this.disk.files.values()) bytes += Math.ceil(file.bytes.byteLength / blockBytes) * blockBytes;
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.janitor[Symbol.asyncDispose]();
    await this.tasks[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }
}

let house: House;
const lives = <T>(body: () => Promise<T>, init: Partial<JanitorInit> = {}): Promise<T> => {
  house = new House(7, init);
  return house.clock.run(
    (async () => {
      await house.open();
      try {
        return await body();
      } finally {
        await house[Symbol.asyncDispose]();
      }
    })(),
  );
};

describe('a store that is kept', () => {
  test.each([
    ['large blobs', 20_000],
    ['small blobs', 1500],
    ['blobs of both kinds', undefined],
  ])('takes no more than it may while %s are put, and keeps what was put last', (_, sizeBytes) =>
    lives(async () => {
      const blobs = Array.from({ length: 600 }, (_, i) => blobOf(i, sizeBytes ?? (i % 2 === 0 ? 900 : 9000)));
      for (const blob of blobs) {
        await house.put(blob);
        expect(house.du).toBeLessThanOrEqual(maxBytes);
        await house.later(200);
      }
      const kept = await Promise.all(blobs.map((blob) => house.has(blob)));
      const first = kept.lastIndexOf(false) + 1;
      // A small one that is older may stay when a large one was enough.
      expect(kept.slice(0, first).filter((isKept) => isKept).length).toBeLessThan(10);
      expect(house.store.housekeeping.diskBytes).toBeGreaterThan(maxBytes * 0.8);
      for (const blob of blobs.slice(first)) expect(await house.isWhole(blob)).toBe(true);
    }),
  );

  // obligation: FMB-6
  test.each([
    ['large', 20_000],
    ['small', 1500],
  ])('keeps %s blobs that are used', (_, sizeBytes) =>
    lives(async () => {
      const used = Array.from({ length: 5 }, (_, i) => blobOf(10_000 + i, sizeBytes));
      for (const blob of used) await house.put(blob);
      for (let i = 0; i < 1500; i++) {
        await house.put(blobOf(i, sizeBytes));
        if (i % 10 === 0)
          for (const blob of used) expect(await (i % 20 === 0 ? house.has(blob) : house.isWhole(blob))).toBe(true);
        await house.later(200);
      }
    }),
  );

  // obligation: AC-4
  test.each([
    ['large', 20_000],
    ['small', 1500],
  ])('keeps a result that is asked for, with all the %s blobs it names, and no other', (_, sizeBytes) =>
    lives(async () => {
      const [asked, forgotten] = [blobOf(10_000, sizeBytes), blobOf(10_001, sizeBytes)];
      const outputs = new Map([asked, forgotten].map((blob, i) => [blob.digest, blobOf(20_000 + i, sizeBytes)]));
      const actions = completeOnly(house.store.actions('a'), house.store.blobs, async (_call, action) => {
        return new Set([(outputs.get(action) as Blob).digest]);
      });
      for (const action of [asked, forgotten]) {
        await house.put(outputs.get(action.digest) as Blob);
        await actions.put(ctx, action.digest, Buffer.from('a result'));
      }
      for (let i = 0; i < 1500; i++) {
        await house.put(blobOf(i, sizeBytes));
        if (i % 20 === 0) expect(await actions.get(ctx, asked.digest)).toBeDefined();
        await house.later(200);
      }
      expect(await house.has(outputs.get(asked.digest) as Blob)).toBe(true);
      expect(await house.has(outputs.get(forgotten.digest) as Blob)).toBe(false);
      expect(await actions.get(ctx, forgotten.digest)).toBe(undefined);
    }),
  );

  test('never breaks off who is reading what is removed', () =>
    lives(async () => {
      const blob = blobOf(1, 300_000);
      await house.put(blob);
      const iterator = (await house.store.blobs.get(ctx, blob.digest))?.[Symbol.asyncIterator]();
      const pieces = [(await iterator?.next())?.value as Uint8Array];
      await house.later(1000);
      for (let i = 2; i < 100; i++) await house.put(blobOf(i, 50_000));
      expect(await house.has(blob)).toBe(false);
      for (let next = await iterator?.next(); next?.done === false; next = await iterator?.next())
        pieces.push(next.value);
      expect(Buffer.compare(Buffer.concat(pieces), blob.bytes)).toBe(0);
    }));

  test('says when it had to remove what was used just now', () =>
    lives(async () => {
      for (let i = 0; i < 100; i++) await house.put(blobOf(i, 20_000));
      expect(house.told).toContain('grace');
    }));

  test('refuses a blob that can never fit, and removes nothing for it', () =>
    lives(async () => {
      await house.put(blobOf(1, 20_000));
      await expect(house.put(blobOf(2, maxBytes + 1))).rejects.toMatchObject({ code: 'resource_exhausted' });
      expect(await house.has(blobOf(1, 20_000))).toBe(true);
    }));

  test('lets who leaves leave, and gives room back', () =>
    lives(async () => {
      using scope = new Scope();
      const first = house.janitor.reserve(ctx, 900_000);
      const second = Promise.resolve(house.janitor.reserve(scope, 500_000));
      scope.cancel(new Failure('cancelled', 'gone'));
      await expect(second).rejects.toMatchObject({ code: 'cancelled' });
      const third = Promise.resolve(house.janitor.reserve(ctx, 500_000));
      (await first)[Symbol.dispose]();
      (await third)[Symbol.dispose]();
      expect(house.janitor.usedBytes).toBe(house.store.housekeeping.diskBytes);
    }));

  test('takes less when the file system has little left, and more again when it has', () =>
    lives(
      async () => {
        house.disk.trouble({ ...kindDisk, capacityBytes: 600_000 });
        for (let i = 0; i < 100; i++) {
          await house.put(blobOf(i, 20_000));
          await house.later(300);
          if (i > 10) expect(house.du).toBeLessThanOrEqual(600_000);
        }
        expect(house.told).toContain('pressure');
        expect(await house.isWhole(blobOf(99, 20_000))).toBe(true);
        house.disk.trouble(kindDisk);
        for (let i = 100; i < 200; i++) {
          await house.put(blobOf(i, 20_000));
          await house.later(300);
        }
        expect(house.told.at(-1)).toBe('no pressure');
        expect(house.du).toBeGreaterThan(600_000);
      },
      { minFreeBytes: 100_000, graceMs: 0 },
    ));

  test('makes room when the disk is full before it may be, and stores what was refused', () =>
    lives(
      async () => {
        house.disk.trouble({ ...kindDisk, capacityBytes: 500_000 });
        for (let i = 0; i < 100; i++) await house.put(blobOf(i, i % 3 === 0 ? 1500 : 20_000));
        expect(await house.isWhole(blobOf(98, 20_000))).toBe(true);
      },
      { space: () => Promise.reject(new Failure('internal', 'cannot tell')) },
    ));

  test('trims to what it is told', () =>
    lives(async () => {
      for (let i = 0; i < 40; i++) await house.put(blobOf(i, 20_000));
      await house.janitor.trim(300_000);
      expect(house.du).toBeLessThanOrEqual(300_000);
      expect(house.store.count).toBeGreaterThan(3);
    }));

  test.each([
    ['large', 20_000],
    ['small', 1500],
  ])('under value keeps %s blobs that are worth much, and those of a restart too, but not for good', (_, sizeBytes) =>
    lives(
      async () => {
        const results = [6, 2].map((worth, i) => {
          const blobs = Array.from({ length: 5 }, (_, n) => blobOf(10_000 + i * 100 + n, sizeBytes));
          return { worth, action: resultOf(i), blobs };
        });
        for (const { worth, action, blobs } of results) {
          for (const blob of blobs) await house.put(blob);
          await house.store.actions('a').put(ctx, action, Buffer.alloc(100, worth));
          const needed = blobs.map(({ digest }) => digest);
          house.store.appraise('a', action, needed, worth);
        }
        await house.store[Symbol.asyncDispose]();
        await house.open();
        const found = async (): Promise<string[]> => {
          const all: string[] = [];
          for (const blob of results.flatMap(({ blobs }) => blobs)) all.push((await peek(blob)) ? 'blob' : '-');
          return all;
        };
        /** Looks without using it. */
        const peek = async ({ digest }: Blob): Promise<boolean> =>
          (await house.store.blobs.sizeOf(ctx, 'sha256', Digest.hex(digest))) !== undefined;
        const fill = async (from: number): Promise<void> => {
          for (let i = from; i < from + 2 * Math.ceil(maxBytes / sizeBytes); i++) {
            await house.put(blobOf(i, sizeBytes));
            await house.later(200);
          }
        };
        await fill(0);
        expect(await found()).toEqual([...Array(5).fill('blob'), ...Array(5).fill('-')]);
        expect([0, 1].map((i) => house.store.worthOf('a', resultOf(i)))).toEqual([6, 0]);
        await house.later(3_600_000);
        await fill(20_000);
        await fill(30_000);
        expect(await found()).toEqual(Array(10).fill('-'));
        expect(house.store.worthOf('a', resultOf(0))).toBe(0);
      },
      { policy: 'value', graceMs: 1000 },
    ),
  );

  test.each(['lru', 'value'] as const)(
    'under %s counts what the disk counts, whatever happened',
    async (policy) => {
      const step = fc.oneof(
        fc.record({ put: fc.nat(60), sizeBytes: fc.constantFrom(10, 500, 1999, 2001, 30_000) }),
        fc.record({ get: fc.nat(60) }),
        fc.record({ result: fc.nat(5), sizeBytes: fc.nat(3000) }),
        fc.record({ appraised: fc.nat(60), worth: fc.nat(7) }),
        fc.record({ trim: fc.integer({ min: 60_000, max: maxBytes }) }),
        fc.constant('restart' as const),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
          await lives(
            async () => {
              const sizes = new Map<number, number>();
              for (const each of steps) {
                if (each === 'restart') {
                  await house.store[Symbol.asyncDispose]();
                  await house.open();
                } else if ('put' in each) {
                  sizes.set(each.put, sizes.get(each.put) ?? each.sizeBytes);
                  await house.put(blobOf(each.put, sizes.get(each.put) as number));
                } else if ('get' in each) {
                  const sizeBytes = sizes.get(each.get);
                  if (sizeBytes !== undefined) await house.isWhole(blobOf(each.get, sizeBytes));
                } else if ('appraised' in each) {
                  const sizeBytes = sizes.get(each.appraised) ?? 10;
                  house.store.appraise('a', resultOf(1), [blobOf(each.appraised, sizeBytes).digest], each.worth);
                } else if ('trim' in each) {
                  await house.janitor.trim(each.trim);
                  expect(house.du).toBeLessThanOrEqual(each.trim + 40_000);
                } else {
                  await house.store.actions('a').put(ctx, resultOf(each.result), Buffer.alloc(each.sizeBytes, 1));
                }
                await house.later(100);
                expect(Math.abs(house.du - house.store.diskBytes)).toBeLessThanOrEqual(100_000);
              }
            },
            { policy },
          );
        }),
        { numRuns: 25 },
      );
    },
    120_000,
  );
});
