import { background, Scope, sleep, TaskGroup } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { SeededRandom, SimulatedClock } from '@gorego/simulation';
import {
  BlobReader,
  type BlobStore,
  bytesOf,
  ChunkedStaging,
  Mark,
  MemoryActions,
  MemoryBlobs,
  type StagingStore,
} from '@gorego/storage';
import { actionCacheSuite, blobStoreSuite, checklistOf, inPieces, patterned } from '@gorego/storage/testing';
import { describe, expect, test } from '@jest/globals';
import type { ProxyObserver } from './proxy-observer.ts';
import { type ProxyInstance, ProxyStore, type ProxyStoreInit } from './proxy-store.ts';

const ctx = background();
const thresholds = { inMemory: 2000, askFirst: 10_000, sentWhileComing: 100_000, piece: 5000, window: 20_000 };

/** Two tiers in memory, time simulated. */
class Tiers {
  readonly clock = new SimulatedClock(new SeededRandom(1));
  readonly near = new MemoryBlobs();
  readonly far = new MemoryBlobs();
  readonly nearActions = new MemoryActions();
  readonly farActions = new MemoryActions();
  readonly tasks = new TaskGroup(ctx, () => {});
  readonly told: string[] = [];
  readonly farGets: Digest[] = [];
  readonly farAsked: Digest[][] = [];
  /** What asking the upstream does before anything else. */
  trouble: () => Promise<void> = async () => {};
  readonly proxy: ProxyInstance;

  constructor(init: Partial<ProxyStoreInit> = {}) {
    const observer: ProxyObserver = {
      onNearFailure: (doing, _digest, failure) => this.told.push(`${doing}: ${failure.message}`),
      onDownload: (_digest, joined) => this.told.push(joined ? 'joined' : 'download'),
      onRepair: (_digest, failure) => this.told.push(failure === undefined ? 'repaired' : 'not repaired'),
      onTouch: (count) => this.told.push(`touched ${count}`),
      onStale: () => this.told.push('stale'),
    };
    const farBlobs: BlobStore = {
      get: async (call, digest, range) => {
        await this.trouble();
        this.farGets.push(digest);
        const blob = await this.far.get(call, digest, range);
        return blob && inPieces(await bytesOf(blob, 10_000_000));
      },
      put: async (call, digest, blob) => {
        await this.trouble();
        await this.far.put(call, digest, blob);
      },
      findMissing: async (call, digests) => {
        await this.trouble();
        this.farAsked.push([...digests]);
        return this.far.findMissing(call, digests);
      },
    };
    const farActions = {
      get: async (call: typeof ctx, action: Digest) => {
        await this.trouble();
        return this.farActions.get(call, action);
      },
      put: async (call: typeof ctx, action: Digest, result: Uint8Array) => {
        await this.trouble();
        await this.farActions.put(call, action, result);
      },
    };
    this.proxy = new ProxyStore({
      near: { blobs: this.near, actions: () => this.nearActions },
      far: { blobs: () => farBlobs, actions: () => farActions },
      clock: this.clock,
      random: new SeededRandom(2),
      tasks: this.tasks,
      references: async () => new Set(),
      observer,
      existenceLeaseMs: 60_000,
      actionLeaseMs: 0,
      localWrite: 'async',
      windowBytes: 100_000,
      thresholds,
      ...init,
    }).instance('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tasks[Symbol.asyncDispose]();
  }

  /** Runs `work` in simulated time, and what it left to be done after it. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.clock.run(
      work().then(async (result) => {
        await sleep(ctx, this.clock, 1);
        return result;
      }),
    );
  }
}

const read = async (store: BlobStore, digest: Digest, call = ctx): Promise<Uint8Array | undefined> => {
  const blob = await store.get(call, digest);
  return blob && bytesOf(blob, 10_000_000);
};

const small = patterned(1000);
const smallDigest = Digest.ofBytes(small);
const large = patterned(150_000);
const largeDigest = Digest.ofBytes(large);
const both = [
  ['small', small, smallDigest],
  ['large', large, largeDigest],
] as const;
const outage = async (): Promise<never> => {
  throw new Failure('unavailable', 'connection refused');
};

describe.each(['sync', 'async'] as const)('ProxyStore, tier 1 written %s, is a BlobStore: it', (localWrite) => {
  test.each(blobStoreSuite)('$name', async ({ run }) => {
    const tiers = new Tiers({ localWrite });
    const open = async () => ({
      store: tiers.proxy.blobs,
      leaves: localWrite === 'sync' ? [tiers.far, tiers.near] : [tiers.far],
      [Symbol.asyncDispose]: () => tiers[Symbol.asyncDispose](),
    });
    await tiers.clock.run(run(open));
  });
});

describe('ProxyStore is an ActionCache: it', () => {
  test.each(actionCacheSuite)('$name', async ({ run }) => {
    const tiers = new Tiers();
    await tiers.clock.run(
      run(async () => ({ actions: tiers.proxy.actions, [Symbol.asyncDispose]: () => tiers[Symbol.asyncDispose]() })),
    );
  });
});

describe('reading', () => {
  test.each(both)('a %s blob from upstream keeps it in tier 1', async (_, bytes, digest) => {
    await using tiers = new Tiers();
    await tiers.far.put(ctx, digest, BlobReader.ofBytes(bytes));
    expect(await tiers.run(() => read(tiers.proxy.blobs, digest))).toEqual(Buffer.from(bytes));
    expect(tiers.near.has(digest)).toBe(true);
    await tiers.run(() => read(tiers.proxy.blobs, digest));
    expect(tiers.farGets).toHaveLength(1);
  });

  // obligation: PX-5
  test.each(both)('a %s cold blob a hundred times over is one download', async (_, bytes, digest) => {
    await using tiers = new Tiers();
    tiers.trouble = () => sleep(ctx, tiers.clock, 50);
    await tiers.far.put(ctx, digest, BlobReader.ofBytes(bytes));
    const reads = await tiers.run(() =>
      Promise.all(Array.from({ length: 100 }, () => read(tiers.proxy.blobs, digest))),
    );
    for (const got of reads) expect(Buffer.compare(got ?? Buffer.of(), bytes)).toBe(0);
    expect(tiers.farGets).toHaveLength(1);
  });

  test('goes on for the others when the one that began it leaves', async () => {
    await using tiers = new Tiers();
    tiers.trouble = () => sleep(ctx, tiers.clock, 50);
    await tiers.far.put(ctx, largeDigest, BlobReader.ofBytes(large));
    await tiers.run(async () => {
      const scope = new Scope();
      const first = read(tiers.proxy.blobs, largeDigest, scope).catch((reason: Failure) => reason.code);
      const second = read(tiers.proxy.blobs, largeDigest);
      await sleep(ctx, tiers.clock, 10);
      scope.cancel(new Failure('cancelled', 'gone'));
      expect(await first).toBe('cancelled');
      expect(await second).toHaveLength(150_000);
    });
    expect(tiers.farGets).toHaveLength(1);
    expect(tiers.near.has(largeDigest)).toBe(true);
  });

  test('passes the first bytes on before the last have come', async () => {
    await using tiers = new Tiers();
    await tiers.far.put(ctx, largeDigest, BlobReader.ofBytes(large));
    await tiers.run(async () => {
      const blob = await tiers.proxy.blobs.get(ctx, largeDigest);
      const passed: [bytes: number, isKept: boolean][] = [];
      for await (const { byteLength } of blob ?? []) {
        passed.push([byteLength, tiers.near.has(largeDigest)]);
        break;
      }
      expect(passed).toEqual([[expect.any(Number), false]]);
      expect(passed[0]?.[0]).toBeLessThan(large.byteLength);
    });
  });

  test('lets a slow reader and a late one read what tier 1 has so far, without asking upstream again', async () => {
    await using tiers = new Tiers();
    await tiers.far.put(ctx, largeDigest, BlobReader.ofBytes(large));
    const slowly = async (startMs: number, pauseMs: number): Promise<Uint8Array> => {
      await sleep(ctx, tiers.clock, startMs);
      const parts: Uint8Array[] = [];
      for await (const part of (await tiers.proxy.blobs.get(ctx, largeDigest)) ?? []) {
        parts.push(part);
        await sleep(ctx, tiers.clock, pauseMs);
      }
      return Buffer.concat(parts);
    };
    const got = await tiers.run(() => Promise.all([slowly(0, 0), slowly(0, 100), slowly(50, 7)]));
    for (const bytes of got) expect(Buffer.compare(bytes, large)).toBe(0);
    expect(tiers.farGets).toHaveLength(1);
  });

  /** A tier 1 that takes nothing. */
  const fullNear = (): StagingStore =>
    Object.assign(Object.create(new MemoryBlobs()) as MemoryBlobs, {
      get: async () => undefined,
      put: async (_: unknown, __: unknown, blob: BlobReader) => blob[Symbol.asyncDispose](),
      findMissing: async (_: unknown, digests: ReadonlySet<Digest>) => digests,
      stage: async () => {
        throw new Failure('resource_exhausted', 'no room');
      },
    });

  const slowly = async (tiers: Tiers, pauseMs: number): Promise<Uint8Array> => {
    const parts: Uint8Array[] = [];
    for await (const part of (await tiers.proxy.blobs.get(ctx, largeDigest)) ?? []) {
      parts.push(part);
      await sleep(ctx, tiers.clock, pauseMs);
    }
    return Buffer.concat(parts);
  };

  test('goes on alone for who falls behind, where tier 1 can’t keep the blob', async () => {
    await using tiers = new Tiers({ near: { blobs: fullNear(), actions: () => new MemoryActions() } });
    await tiers.far.put(ctx, largeDigest, BlobReader.ofBytes(large));
    const got = await tiers.run(() => Promise.all([slowly(tiers, 0), slowly(tiers, 100)]));
    for (const bytes of got) expect(Buffer.compare(bytes, large)).toBe(0);
    expect(tiers.farGets.length).toBe(2);
    expect(tiers.told).toContain('fill: no room');
  });

  test('is over only when tier 1 has let go of what it could not keep', async () => {
    let isGone = false;
    const clock = new SimulatedClock(new SeededRandom(1));
    const near = Object.assign(fullNear(), {
      stage: async () => ({
        sizeBytes: 0,
        append: async () => {
          throw new Failure('resource_exhausted', 'no room');
        },
        read: async () => Buffer.of(),
        commit: async () => {},
        [Symbol.asyncDispose]: async () => {
          await sleep(ctx, clock, 500);
          isGone = true;
        },
      }),
    });
    await using tiers = new Tiers({ clock, near: { blobs: near, actions: () => new MemoryActions() } });
    await tiers.far.put(ctx, largeDigest, BlobReader.ofBytes(large));
    await clock.run(
      (async () => {
        await read(tiers.proxy.blobs, largeDigest);
        while (tiers.tasks.size > 1) await sleep(ctx, clock, 10); // One goes on: it touches.
      })(),
    );
    expect(isGone).toBe(true);
  });

  // obligation: PX-6
  test('gives who goes on alone nothing whole that upstream has wrong by then', async () => {
    await using tiers = new Tiers({ near: { blobs: fullNear(), actions: () => new MemoryActions() } });
    await tiers.far.put(ctx, largeDigest, BlobReader.ofBytes(large));
    const right = tiers.far.get.bind(tiers.far);
    tiers.far.get = (call, digest, range) => (tiers.farGets.length < 2 ? right : wrongly)(call, digest, range);
    const wrongly: BlobStore['get'] = async (_, __, range) => BlobReader.ofBytes(flipped.subarray(range?.offset));
    const flipped = large.slice();
    flipped[flipped.length - 1] = 0xff & ~(flipped.at(-1) as number);
    const [fast, slow] = await tiers.run(() => Promise.allSettled([slowly(tiers, 0), slowly(tiers, 100)]));
    expect(fast.status).toBe('fulfilled');
    expect(slow).toMatchObject({ status: 'rejected', reason: { code: 'data_loss' } });
  });

  // obligation: PX-6
  test.each(both)(
    'joins what tier 1 had of a %s blob with nothing of upstream’s that is wrong',
    async (_, bytes, digest) => {
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        yield bytes.subarray(0, 500);
        throw new Failure('internal', 'EIO');
      };
      const near: StagingStore = Object.assign(fullNear(), {
        get: async () => new BlobReader({ sizeBytes: bytes.byteLength, chunks: failing() }),
      });
      for (const isRight of [true, false]) {
        await using tiers = new Tiers({ near: { blobs: near, actions: () => new MemoryActions() } });
        const sent = bytes.slice();
        if (!isRight) sent[sent.length - 1] = 0xff & ~(sent.at(-1) as number);
        tiers.far.get = async (_ctx, _digest, range) => BlobReader.ofBytes(sent.subarray(range?.offset));
        const reading = tiers.run(() => read(tiers.proxy.blobs, digest));
        if (isRight) expect(Buffer.compare((await reading) as Uint8Array, bytes)).toBe(0);
        else await expect(reading).rejects.toMatchObject({ code: 'data_loss' });
      }
    },
  );

  test('gives what tier 1 has compressed as it is', async () => {
    const frames = [Buffer.from('a frame'), Buffer.from('another')];
    const near: StagingStore = Object.assign(fullNear(), {
      get: async () =>
        new BlobReader({ sizeBytes: 150_000, chunks: [large], compressed: { codec: 'zstd', chunks: () => frames } }),
    });
    await using tiers = new Tiers({ near: { blobs: near, actions: () => new MemoryActions() } });
    await tiers.run(async () => {
      await using blob = await tiers.proxy.blobs.get(ctx, largeDigest);
      expect(blob?.compressed?.codec).toBe('zstd');
      expect(await Array.fromAsync(blob?.compressed?.chunks() ?? [])).toEqual(frames);
    });
  });

  test('says unavailable when tier 1 fails in the middle of what it has compressed', async () => {
    const failing = function* (): Generator<Uint8Array> {
      yield Buffer.from('a frame');
      throw new Failure('internal', 'EIO');
    };
    const near: StagingStore = Object.assign(fullNear(), {
      get: async () =>
        new BlobReader({ sizeBytes: 150_000, chunks: [large], compressed: { codec: 'zstd', chunks: failing } }),
    });
    await using tiers = new Tiers({ near: { blobs: near, actions: () => new MemoryActions() } });
    await tiers.run(async () => {
      await using blob = await tiers.proxy.blobs.get(ctx, largeDigest);
      await expect(Array.fromAsync(blob?.compressed?.chunks() ?? [])).rejects.toMatchObject({ code: 'unavailable' });
    });
    expect(tiers.told).toContain('read: EIO');
  });

  // obligation: PX-6
  test.each(both)('never gives a %s blob that upstream has wrong, nor keeps it', async (_, bytes, digest) => {
    await using tiers = new Tiers();
    const wrong = bytes.slice();
    wrong[0] = 0xff & ~(wrong[0] as number);
    tiers.far.get = async () => BlobReader.ofBytes(wrong);
    await expect(tiers.run(() => read(tiers.proxy.blobs, digest))).rejects.toMatchObject({ code: 'data_loss' });
    expect(tiers.near.has(digest)).toBe(false);
  });

  // obligation: PX-1
  test.each(both)('says unavailable, not absent, for a %s blob while upstream is down', async (_, __, digest) => {
    await using tiers = new Tiers();
    tiers.trouble = outage;
    await expect(tiers.run(() => read(tiers.proxy.blobs, digest))).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('serves from tier 1 while upstream is down', async () => {
    await using tiers = new Tiers();
    await tiers.near.put(ctx, smallDigest, BlobReader.ofBytes(small));
    tiers.trouble = outage;
    expect(await tiers.run(() => read(tiers.proxy.blobs, smallDigest))).toHaveLength(1000);
  });

  test('does not join a download that began before the blob was put', async () => {
    await using tiers = new Tiers();
    await tiers.run(async () => {
      tiers.far.get = async () => {
        await sleep(ctx, tiers.clock, 100);
        return undefined; // What was true when it was asked.
      };
      const early = read(tiers.proxy.blobs, smallDigest);
      await sleep(ctx, tiers.clock, 10);
      await tiers.proxy.blobs.put(ctx, smallDigest, BlobReader.ofBytes(small));
      tiers.far.get = MemoryBlobs.prototype.get.bind(tiers.far);
      expect(await read(tiers.proxy.blobs, smallDigest)).toHaveLength(1000);
      expect(await early).toBeUndefined();
    });
  });
});

describe('writing', () => {
  // obligation: PX-2
  test.each(both)('a %s blob is upstream when it is acknowledged, and in tier 1 soon', async (_, bytes, digest) => {
    await using tiers = new Tiers();
    await tiers.run(async () => {
      await tiers.proxy.blobs.put(ctx, digest, inPieces(bytes));
      expect(tiers.far.has(digest)).toBe(true);
    });
    expect(tiers.near.has(digest)).toBe(true);
  });

  test.each(both)(
    'a %s blob that upstream refuses is refused, and leaves nothing in tier 1',
    async (_, bytes, digest) => {
      await using tiers = new Tiers();
      tiers.trouble = outage;
      const put = tiers.run(() => tiers.proxy.blobs.put(ctx, digest, inPieces(bytes)));
      await expect(put).rejects.toMatchObject({ code: 'unavailable' });
      expect(tiers.near.has(digest)).toBe(false);
    },
  );

  test('one blob from twenty clients at once is one upload', async () => {
    await using tiers = new Tiers();
    let puts = 0;
    tiers.trouble = async () => {
      puts++;
      await sleep(ctx, tiers.clock, 50);
    };
    await tiers.run(() =>
      Promise.all(Array.from({ length: 20 }, () => tiers.proxy.blobs.put(ctx, largeDigest, inPieces(large)))),
    );
    expect(puts).toBe(1);
  });

  test.each([
    ['stands still', 1, 1_000_000],
    ['trickles', 1, 500],
    ['is one of many that stand still', 20, 1_000_000],
    ['is one of many that trickle', 20, 500],
  ])('does not wait for somebody else’s upload that %s', async (_, count, pauseMs) => {
    await using tiers = new Tiers();
    await tiers.run(async () => {
      using scope = new Scope();
      const slow = (): BlobReader =>
        new BlobReader({
          sizeBytes: 150_000,
          chunks: (async function* () {
            for (let at = 0; at < 150_000; at += 10) {
              yield large.subarray(at, at + 10);
              await sleep(scope, tiers.clock, pauseMs);
            }
          })(),
        });
      const hanging = Array.from({ length: count }, () =>
        tiers.proxy.blobs.put(scope, largeDigest, slow()).catch(() => {}),
      );
      await sleep(ctx, tiers.clock, 10);
      await tiers.proxy.blobs.put(ctx, largeDigest, inPieces(large));
      expect(tiers.far.has(largeDigest)).toBe(true);
      expect(tiers.clock.monotonic()).toBeLessThan(5000);
      scope.cancel(new Failure('cancelled', 'gone'));
      await Promise.all(hanging);
    });
  });
});

describe('what exists', () => {
  const find = (tiers: Tiers, ...digests: Digest[]): Promise<ReadonlySet<Digest>> =>
    tiers.run(() => tiers.proxy.blobs.findMissing(ctx, new Set(digests)));

  test('is answered from tier 1 only while upstream’s confirmation is younger than the lease', async () => {
    await using tiers = new Tiers();
    await tiers.run(() => tiers.proxy.blobs.put(ctx, smallDigest, BlobReader.ofBytes(small)));
    expect(await find(tiers, smallDigest)).toEqual(new Set());
    expect(tiers.farAsked).toEqual([]);
    await tiers.run(() => sleep(ctx, tiers.clock, 60_000));
    tiers.farAsked.length = 0;
    expect(await find(tiers, smallDigest)).toEqual(new Set());
    expect(tiers.farAsked).toEqual([[smallDigest]]);
  });

  test('is marked if tier 1 has it and upstream’s confirmation is young, and then that it was used is told', async () => {
    await using tiers = new Tiers();
    const marks = (): Promise<Mark[]> =>
      tiers.run(async () => {
        const list = checklistOf([smallDigest, largeDigest]);
        tiers.proxy.blobs.mark?.(ctx, list);
        return [list.markOf(0), list.markOf(1)];
      });
    await tiers.near.put(ctx, smallDigest, BlobReader.ofBytes(small));
    await tiers.far.put(ctx, smallDigest, BlobReader.ofBytes(small));
    await tiers.far.put(ctx, largeDigest, inPieces(large));
    expect(await marks()).toEqual([Mark.none, Mark.none]);
    await find(tiers, smallDigest, largeDigest);
    expect(await marks()).toEqual([Mark.here, Mark.none]);
    await tiers.run(() => sleep(ctx, tiers.clock, 11_000));
    expect(await marks()).toEqual([Mark.here, Mark.none]);
    expect(tiers.told).toEqual([]);
    await tiers.run(() => sleep(ctx, tiers.clock, 11_000));
    expect(tiers.told).toEqual(['touched 1']);
    await tiers.run(() => sleep(ctx, tiers.clock, 60_000));
    expect(await marks()).toEqual([Mark.none, Mark.none]);
  });

  test('is asked upstream when tier 1 can’t tell', async () => {
    const near = Object.assign(new MemoryBlobs(), {
      mark: (): void => {
        throw new Failure('internal', 'EIO');
      },
    });
    await using tiers = new Tiers({ near: { blobs: near, actions: () => new MemoryActions() } });
    const list = checklistOf([smallDigest]);
    tiers.proxy.blobs.mark?.(ctx, list);
    expect([list.markOf(0), tiers.told]).toEqual([Mark.none, ['look: EIO']]);
  });

  test('is asked each time with a lease of 0', async () => {
    await using tiers = new Tiers({ existenceLeaseMs: 0 });
    await tiers.run(() => tiers.proxy.blobs.put(ctx, smallDigest, BlobReader.ofBytes(small)));
    await find(tiers, smallDigest);
    await find(tiers, smallDigest);
    expect(tiers.farAsked).toHaveLength(2);
  });

  test('is not what tier 1 alone has', async () => {
    await using tiers = new Tiers();
    tiers.trouble = outage;
    await tiers.near.put(ctx, smallDigest, BlobReader.ofBytes(small));
    await expect(find(tiers, smallDigest)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test.each(both)(
    'is repaired: a %s blob that upstream lost it has again before it is called present',
    async (_, bytes, digest) => {
      await using tiers = new Tiers();
      await tiers.near.put(ctx, digest, BlobReader.ofBytes(bytes));
      expect(await find(tiers, digest)).toEqual(new Set());
      expect(tiers.far.has(digest)).toBe(true);
      expect(tiers.told).toContain('repaired');
    },
  );

  test('is missing where the repair fails', async () => {
    await using tiers = new Tiers();
    await tiers.near.put(ctx, smallDigest, BlobReader.ofBytes(small));
    tiers.far.put = outage;
    expect(await find(tiers, smallDigest)).toEqual(new Set([smallDigest]));
  });

  // obligation: PX-4
  test('is told to upstream as in use, in the background, and what it lost is repaired', async () => {
    await using tiers = new Tiers();
    await tiers.run(() => tiers.proxy.blobs.put(ctx, smallDigest, BlobReader.ofBytes(small)));
    await tiers.run(() => sleep(ctx, tiers.clock, 30_000));
    await tiers.run(() => read(tiers.proxy.blobs, smallDigest));
    tiers.far.delete(smallDigest);
    await tiers.run(() => sleep(ctx, tiers.clock, 11_000));
    expect(tiers.farAsked).toEqual([[smallDigest]]);
    expect(tiers.told).toEqual(['touched 1', 'repaired']);
    expect(tiers.far.has(smallDigest)).toBe(true);
  });
});

describe('action results', () => {
  const action = Digest.ofBytes(patterned(77));
  const first = Buffer.from('first');
  const second = Buffer.from('second');

  test('come from upstream each time, and from tier 1 while upstream is down', async () => {
    await using tiers = new Tiers();
    await tiers.run(() => tiers.proxy.actions.put(ctx, action, first));
    await tiers.farActions.put(ctx, action, second); // By somebody else.
    expect(await tiers.run(() => tiers.proxy.actions.get(ctx, action))).toEqual(second);
    tiers.trouble = outage;
    expect(await tiers.run(() => tiers.proxy.actions.get(ctx, action))).toEqual(second);
    expect(tiers.told).toContain('stale');
  });

  test('that upstream no longer has are forgotten here too', async () => {
    await using tiers = new Tiers();
    await tiers.run(() => tiers.proxy.actions.put(ctx, action, first));
    await tiers.farActions.forget(ctx, action);
    expect(await tiers.run(() => tiers.proxy.actions.get(ctx, action))).toBeUndefined();
    tiers.trouble = outage;
    await expect(tiers.run(() => tiers.proxy.actions.get(ctx, action))).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('are answered from tier 1 within their lease', async () => {
    await using tiers = new Tiers({ actionLeaseMs: 5000 });
    await tiers.run(() => tiers.proxy.actions.put(ctx, action, first));
    await tiers.farActions.put(ctx, action, second);
    expect(await tiers.run(() => tiers.proxy.actions.get(ctx, action))).toEqual(first);
    await tiers.run(() => sleep(ctx, tiers.clock, 5000));
    expect(await tiers.run(() => tiers.proxy.actions.get(ctx, action))).toEqual(second);
  });

  // obligation: PX-2
  test('don’t overtake their blobs: what upstream lost is brought there first', async () => {
    await using tiers = new Tiers({ references: async () => new Set([smallDigest]), existenceLeaseMs: 0 });
    await tiers.near.put(ctx, smallDigest, BlobReader.ofBytes(small));
    await tiers.run(() => tiers.proxy.actions.put(ctx, action, first));
    expect(tiers.far.has(smallDigest)).toBe(true);
  });

  // obligation: PX-3
  test('are none if a blob of theirs is in neither tier, and are some if it is in the one or the other', async () => {
    await using tiers = new Tiers({ references: async () => new Set([smallDigest]), existenceLeaseMs: 0 });
    await tiers.farActions.put(ctx, action, first);
    expect(await tiers.run(() => tiers.proxy.actions.get(ctx, action))).toBeUndefined();
    await tiers.far.put(ctx, smallDigest, BlobReader.ofBytes(small));
    expect(await tiers.run(() => tiers.proxy.actions.get(ctx, action))).toEqual(first);
    tiers.far.delete(smallDigest);
    await tiers.near.put(ctx, smallDigest, BlobReader.ofBytes(small));
    expect(await tiers.run(() => tiers.proxy.actions.get(ctx, action))).toEqual(first);
  });

  test('asked for by many at once are asked for once', async () => {
    await using tiers = new Tiers();
    let asked = 0;
    tiers.trouble = async () => {
      asked++;
      await sleep(ctx, tiers.clock, 20);
    };
    await tiers.farActions.put(ctx, action, first);
    const got = await tiers.run(() =>
      Promise.all(Array.from({ length: 50 }, () => tiers.proxy.actions.get(ctx, action))),
    );
    expect(got.every((result) => result === first || Buffer.compare(result ?? Buffer.of(), first) === 0)).toBe(true);
    expect(asked).toBe(1);
  });
});

describe('a tier 1 that keeps blobs as their chunks', () => {
  const chunks = [large.subarray(0, 100_000), large.subarray(100_000)];
  const list = { chunks: chunks.map((chunk) => Digest.ofBytes(chunk)), chunkingFunction: 1 };
  const [first] = list.chunks as [Digest];

  const chunked = (): { inner: MemoryBlobs; near: ChunkedStaging } => {
    const inner = new MemoryBlobs();
    return { inner, near: new ChunkedStaging({ blobs: inner, records: new MemoryActions(), keptWholeMax: 0 }) };
  };
  const tiersOver = (near: ChunkedStaging): Tiers =>
    new Tiers({ near: { blobs: near, actions: () => new MemoryActions() } });

  test('gives a tier 2 of whole blobs the whole blob, and itself nothing twice', async () => {
    const { inner, near } = chunked();
    await using tiers = tiersOver(near);
    for (const chunk of chunks) await inner.put(ctx, Digest.ofBytes(chunk), BlobReader.ofBytes(chunk));
    await near.join(ctx, largeDigest, list);
    const blob = await near.get(ctx, largeDigest);
    await tiers.run(() => tiers.proxy.blobs.put(ctx, largeDigest, blob as BlobReader));
    expect(await read(tiers.far, largeDigest)).toEqual(Buffer.from(large));
    expect(inner.size).toBe(2);
  });

  test('has chunks of what tier 2 has whole, and keeps that in use there by reading them', async () => {
    const { inner, near } = chunked();
    await using tiers = tiersOver(near);
    for (const store of [inner, tiers.far]) await store.put(ctx, largeDigest, BlobReader.ofBytes(large));
    await near.divide(ctx, largeDigest, list);
    expect(await tiers.run(() => read(tiers.proxy.blobs, first))).toEqual(Buffer.from(chunks[0] ?? []));
    await tiers.run(() => sleep(ctx, tiers.clock, 10_000));
    expect(tiers.farAsked).toEqual([[largeDigest]]);
    expect(tiers.far.size).toBe(1);
  });

  test('gives tier 2 a chunk that somebody wants to rely on', async () => {
    const { inner, near } = chunked();
    await using tiers = tiersOver(near);
    for (const store of [inner, tiers.far]) await store.put(ctx, largeDigest, BlobReader.ofBytes(large));
    await near.divide(ctx, largeDigest, list);
    expect(await tiers.run(() => tiers.proxy.blobs.findMissing(ctx, new Set([first])))).toEqual(new Set());
    expect(await read(tiers.far, first)).toEqual(Buffer.from(chunks[0] ?? []));
    expect(inner.size).toBe(1);
  });
});
