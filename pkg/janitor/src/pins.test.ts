import { background, type Caller, type Context, nobody, Scope, TaskGroup } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { SeededRandom, SimulatedClock, SimulatedDisk } from '@gorego/simulation';
import { BlobReader, type HalfKey, LocalStore } from '@gorego/storage';
import { checklistOf } from '@gorego/storage/testing';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Janitor } from './janitor.ts';
import { Pins } from './pins.ts';

const mib = 2 ** 20;
const maxBytes = mib;
const graceMs = 60_000;

const caller = (invocation: string): Caller => ({ ...nobody, invocation });
const told = (number: number, sizeBytes: number): [HalfKey, number] => [{ a: number, b: number }, sizeBytes];

function pinsOf(init: Partial<ConstructorParameters<typeof Pins>[0]> = {}): { pins: Pins; clock: SimulatedClock } {
  const clock = new SimulatedClock(new SeededRandom(1));
  return { clock, pins: new Pins({ clock, maxBytes, graceMs, ...init }) };
}

const heldOf = (pins: Pins): number => pins.held().reduce((sum, { count }) => sum + count, 0);

describe('Pins', () => {
  test('keep nothing for who does not say which build it is', () => {
    expect(pinsOf().pins.of({ caller: nobody })).toBeUndefined();
  });

  test('count a blob once for each build that was told of it', () => {
    const { pins } = pinsOf();
    for (const build of ['one', 'one', 'two']) pins.of({ caller: caller(build) })?.add(...told(1, 5000));
    expect([pins.heldBytes, heldOf(pins)]).toEqual([2 * 8192, 2]);
  });

  test('let a build go that is quiet, and no other', () => {
    const { pins, clock } = pinsOf();
    return clock.run(
      (async () => {
        pins.of({ caller: caller('quiet') })?.add(...told(1, 4096));
        pins.of({ caller: caller('busy') })?.add(...told(2, 8192));
        for (let i = 0; i < 3; i++) {
          await new Promise<void>((resolve) => void clock.after(graceMs / 2, resolve));
          pins.of({ caller: caller('busy') });
        }
        expect(pins.held().map((keys) => Array.from(keys))).toEqual([[{ a: 2, b: 2 }]]);
        expect(pins.heldBytes).toBe(8192);
      })(),
    );
  });

  test('hold no more than half of the store, and say so once', () => {
    const full: string[] = [];
    const { pins } = pinsOf({ onFull: (invocation) => full.push(invocation) });
    for (let i = 1; i < 100; i++) pins.of({ caller: caller('greedy') })?.add(...told(i, 25_000));
    expect(pins.heldBytes).toBeLessThanOrEqual(maxBytes / 2);
    expect(heldOf(pins)).toBe(18);
    expect(full).toEqual(['greedy']);
  });

  test('know a bounded number of builds, whatever a client makes up', () => {
    const { pins } = pinsOf();
    for (let i = 1; i <= 5000; i++) pins.of({ caller: caller(`build ${i}`) })?.add(...told(i, 1));
    expect(pins.held()).toHaveLength(1000);
    expect(pins.heldBytes).toBe(mib / 2);
  });

  test('count right, whoever comes and goes', async () => {
    const step = fc.record({ build: fc.nat(5), key: fc.integer({ min: 1, max: 20 }), waitMs: fc.nat(graceMs) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
        const { pins, clock } = pinsOf();
        await clock.run(
          (async () => {
            for (const { build, key, waitMs } of steps) {
              pins.of({ caller: caller(String(build)) })?.add(...told(key, key * 4096));
              await new Promise<void>((resolve) => void clock.after(waitMs, resolve));
              const bytes = pins.held().flatMap((keys) => Array.from(keys, ({ a }) => a * 4096));
              expect(pins.heldBytes).toBe(bytes.reduce((sum, each) => sum + each, 0));
            }
          })(),
        );
      }),
    );
  });
});

/** A store on a simulated disk whose janitor holds what builds were told. */
class House implements AsyncDisposable {
  readonly clock: SimulatedClock = new SimulatedClock(new SeededRandom(3));
  readonly pins: Pins = new Pins({ clock: this.clock, maxBytes, graceMs });
  store!: LocalStore;
  readonly #disk = new SimulatedDisk(new SeededRandom(4), this.clock);
  readonly #tasks = new TaskGroup(background(), () => {});
  readonly #janitor = new Janitor({
    ...{ clock: this.clock, tasks: this.#tasks, space: () => this.#disk.space() },
    ...{ maxBytes, minFreeBytes: 0, graceMs: 0, pins: this.pins },
  });

  async open(): Promise<void> {
    this.store = await LocalStore.open({
      ...{ disk: this.#disk, random: new SeededRandom(5), clock: this.clock, boot: 'this one' },
      ...{ room: this.#janitor, account: this.pins, segmentThreshold: 2000, segmentBytes: 128 * 1024 },
    });
    await this.store.reconciled();
    this.#janitor.keep(this.store.housekeeping);
  }

  later(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#janitor[Symbol.asyncDispose]();
    await this.#tasks[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }
}

interface Blob {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

function blobsOf(name: string, count: number, sizeBytes: number): Blob[] {
  return Array.from({ length: count }, (_, i) => {
    const bytes = Buffer.alloc(sizeBytes, `${name} ${i} `);
    return { bytes, digest: Digest.ofBytes(bytes) };
  });
}

describe.each([
  ['files', 20_000, 90],
  ['segments', 1500, 1200],
])('a store that holds what builds were told, in %s', (_, sizeBytes, count) => {
  const lives = (body: (house: House) => Promise<void>): Promise<void> => {
    const house = new House();
    return house.clock.run(
      (async () => {
        await house.open();
        try {
          await body(house);
        } finally {
          await house[Symbol.asyncDispose]();
        }
      })(),
    );
  };

  /** Brings blobs, one after the other. */
  const bring = async (house: House, invocation: string, blobs: readonly Blob[], meanwhile?: () => void) => {
    using ctx = new Scope({ caller: caller(invocation) });
    for (const { digest, bytes } of blobs) {
      await house.store.blobs.put(ctx, digest, BlobReader.ofBytes(bytes));
      meanwhile?.();
      await house.later(200);
    }
  };
  const missing = async (house: House, blobs: readonly Blob[]): Promise<number> =>
    (await house.store.blobs.findMissing(background(), new Set(blobs.map(({ digest }) => digest)))).size;

  const digestsOf = (blobs: readonly Blob[]): Digest[] => blobs.map(({ digest }) => digest);

  test.each<[string, (house: House, ctx: Context, inputs: readonly Blob[]) => unknown]>([
    ['missing', ({ store }, ctx, inputs) => store.blobs.findMissing(ctx, new Set(digestsOf(inputs)))],
    ['absent', ({ store }, ctx, inputs) => store.blobs.mark?.(ctx, checklistOf(digestsOf(inputs)))],
  ])('keeps the inputs of a build that goes on, none of them %s, and lets go of them when it is over', (_, ask) =>
    lives(async (house) => {
      const inputs = blobsOf('input', Math.floor(350_000 / Math.max(sizeBytes, 4096)), sizeBytes);
      await bring(house, '', inputs);
      using ctx = new Scope({ caller: caller('long') });
      await ask(house, ctx, inputs);
      const action = Digest.ofBytes(Buffer.from('an action'));
      await house.store.actions('').put(ctx, action, Buffer.from('a result'));
      // It asks for something else now and then, while others fill the store twice over.
      await bring(house, 'other', blobsOf('noise', count, sizeBytes), () => void house.pins.of(ctx));
      expect(await missing(house, inputs)).toBe(0);
      expect(await house.store.actions('').get(background(), action)).toBeDefined();
      await house.later(2 * graceMs);
      await bring(house, 'third', blobsOf('more noise', count, sizeBytes));
      expect(await missing(house, inputs)).toBe(inputs.length);
    }),
  );

  test('never holds so much that nothing new fits', () =>
    lives(async (house) => {
      for (let i = 0; i < 3; i++) await bring(house, 'greedy', blobsOf(`greedy ${i}`, count / 3, sizeBytes));
      const fresh = blobsOf('fresh', 3, sizeBytes);
      await bring(house, 'another', fresh);
      expect(await missing(house, fresh)).toBe(0);
      expect(house.pins.heldBytes).toBeLessThanOrEqual(maxBytes / 2);
      expect(house.store.diskBytes).toBeLessThanOrEqual(maxBytes);
    }));
});
