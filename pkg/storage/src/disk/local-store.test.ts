import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { codecs } from '@gorego/compression';
import { background, Scope } from '@gorego/context';
import { Digest, digestFunctionNames, digestFunctions } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { type Entry, NodeDisk, systemClock, systemRandom } from '@gorego/platform';
import { SeededRandom, SimulatedClock, SimulatedDisk } from '@gorego/simulation';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BlobReader, bytesOf } from '../blob-reader.ts';
import { Mark } from '../checklist.ts';
import {
  actionCacheSuite,
  blobStoreSuite,
  checklistOf,
  inPieces,
  keptActionsSuite,
  patterned,
  stagingSuite,
} from '../testing/index.ts';
import { DiskPath } from './disk-path.ts';
import { LocalStore, type StoreObserver } from './local-store.ts';

const ctx = background();

function eacces(): Failure {
  return new Failure('permission_denied', 'EACCES', { cause: Object.assign(new Error('EACCES'), { code: 'EACCES' }) });
}

async function fresh(
  compression: 'off' | 'zstd' = 'off',
): Promise<{ dir: string; store: LocalStore } & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), 'gorego-store-'));
  const random = systemRandom;
  const store = await LocalStore.open({ disk: new NodeDisk(dir), random, clock: systemClock, compression });
  return {
    ...{ dir, store },
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

describe.each(['off', 'zstd'] as const)('LocalStore.blobs, compression %s, is a StagingStore: it', (compression) => {
  test.each([...blobStoreSuite, ...stagingSuite])('$name', ({ run }) =>
    run(async () => {
      const { store, [Symbol.asyncDispose]: dispose } = await fresh(compression);
      return { store: store.blobs, [Symbol.asyncDispose]: dispose };
    }),
  );
});

describe('LocalStore.actions is a cache of KeptActions: it', () => {
  test.each([...actionCacheSuite, ...keptActionsSuite])('$name', ({ run }) =>
    run(async () => {
      const { store, [Symbol.asyncDispose]: dispose } = await fresh();
      return { actions: store.actions('a/b'), [Symbol.asyncDispose]: dispose };
    }),
  );
});

describe('LocalStore', () => {
  let dir: string;
  let store: LocalStore;
  let corrupt: string[];
  const open = (
    observer: StoreObserver = { onCorrupt: (_, path) => corrupt.push(path) },
    compression: 'off' | 'zstd' = 'off',
  ): Promise<LocalStore> =>
    LocalStore.open({
      ...{ disk: new NodeDisk(dir), random: systemRandom, clock: systemClock, boot: 'this one', compression },
      observer,
    });
  /** Opens it once more, the one before not having been closed: as after a kill. */
  const reopen = async (observer?: StoreObserver): Promise<void> => {
    await store.reconciled();
    store = await open(observer);
  };
  const read = async (digest: Digest): Promise<Uint8Array | undefined> => {
    const blob = await store.blobs.get(ctx, digest);
    return blob && bytesOf(blob, 1 << 20);
  };
  const bytes = patterned(100_000);
  const digest = Digest.ofBytes(bytes);

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gorego-store-'));
    corrupt = [];
    store = await open();
    await store.reconciled();
  });
  afterEach(async () => {
    await store.reconciled();
    await store[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  test('lays a blob down as a plain file under its hash, and finds it after a restart', async () => {
    await store.blobs.put(ctx, digest, inPieces(bytes));
    const hex = Digest.hex(digest);
    const path = join(dir, 'cas', hex.slice(0, 2), hex.slice(2, 4), hex);
    expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
    await reopen();
    expect(await read(digest)).toHaveLength(100_000);
  });

  test('begins no file for a blob that is announced and never sent', async () => {
    using scope = new Scope();
    const silent = new BlobReader({
      sizeBytes: 1 << 30,
      chunks: (async function* () {
        yield await new Promise<Uint8Array>((_, reject) => scope.onEnd(reject));
      })(),
    });
    const put = store.blobs.put(scope, Digest.of('sha256', 'ab'.repeat(32), 1 << 30), silent);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await readdir(join(dir, 'tmp'))).toEqual([]);
    scope.cancel(new Failure('cancelled', 'gone'));
    await expect(put).rejects.toMatchObject({ code: 'cancelled' });
  });

  // obligation: BSR-15
  test('reads smaller pieces the more readers hold one, however large those of the first were', async () => {
    const large = Digest.ofBytes(patterned(1 << 20));
    await store.blobs.put(ctx, large, inPieces(patterned(1 << 20)));
    const readers: AsyncIterator<Uint8Array>[] = [];
    const firstPiece = async (): Promise<number> => {
      const blob = await store.blobs.get(ctx, large);
      const iterator = blob?.[Symbol.asyncIterator]();
      if (iterator === undefined) return 0;
      readers.push(iterator);
      return (await iterator.next()).value?.byteLength ?? 0;
    };
    const alone = await firstPiece();
    let sum = alone;
    for (let i = 1; i < 500; i++) sum += await firstPiece();
    expect(sum).toBeLessThan(16 * 2 ** 20 + 500 * 16 * 2 ** 10);
    for (const reader of readers) await reader.return?.();
    expect(await firstPiece()).toBe(alone);
    await readers.at(-1)?.return?.();
  });

  test('holds little of uploads that stand still, however many', async () => {
    const [uploads, sentBytes, sizeBytes] = [200, 192 * 1024, 1 << 20];
    const most = 8 * 2 ** 20 + uploads * 64 * 1024;
    using scope = new Scope();
    const puts = Array.from({ length: uploads }, (_, i) => {
      const chunks = async function* (): AsyncGenerator<Uint8Array> {
        for (let sent = 0; sent < sentBytes; sent += 32 * 1024) yield Buffer.alloc(32 * 1024, i);
        await new Promise<void>((_, reject) => scope.onEnd(reject));
      };
      const name = Digest.of('sha256', i.toString(16).padStart(64, '0'), sizeBytes);
      return store.blobs.put(scope, name, new BlobReader({ sizeBytes, chunks: chunks() }));
    });
    const writtenBytes = async (): Promise<number> => {
      const staged = await readdir(join(dir, 'tmp'));
      const sizes = await Promise.all(staged.map(async (name) => (await stat(join(dir, 'tmp', name))).size));
      return sizes.reduce((sum, size) => sum + size, 0);
    };
    while ((await writtenBytes()) < uploads * sentBytes - most) await new Promise((resolve) => setTimeout(resolve, 5));
    scope.cancel(new Failure('cancelled', 'gone'));
    for (const ended of await Promise.allSettled(puts)) expect(ended.status).toBe('rejected');
  });

  test('clears away at the next start what a crash left half-written', async () => {
    await writeFile(join(dir, 'tmp', 'leftover'), 'half');
    await reopen();
    expect(await readdir(join(dir, 'tmp'))).toEqual([]);
  });

  test('clears away a snapshot that a crash left half-written', async () => {
    await writeFile(join(dir, 'index', 'snapshot-0000000001.new'), 'half');
    await reopen();
    await store.reconciled();
    expect((await readdir(join(dir, 'index'))).map((name) => name.replace(/-.*?($|\.)/, '$1')).sort()).toEqual([
      'journal',
      'snapshot',
    ]);
  });

  test.each([
    ['whole', undefined],
    ['in part', { offset: 10, limit: 5 }],
  ])('never gives out a file that rotted between starts, read %s', async (_, range) => {
    await store.blobs.put(ctx, digest, inPieces(bytes));
    await reopen();
    await store.reconciled();
    const path = join(dir, DiskPath.ofBlob(digest));
    const rotten = await readFile(path);
    rotten[50_000] = 0xff & ~(rotten[50_000] as number);
    await writeFile(path, rotten);
    const got = async (): Promise<Uint8Array | undefined> => {
      const blob = await store.blobs.get(ctx, digest, range);
      return blob && bytesOf(blob, 1 << 20);
    };
    expect(await got()).toBeUndefined();
    expect(corrupt).toEqual([DiskPath.ofBlob(digest)]);
    expect(await store.blobs.findMissing(ctx, new Set([digest]))).toEqual(new Set([digest]));
    await store.reconciled();
    const [aside] = await readdir(join(dir, 'quarantine'));
    expect(Buffer.compare(await readFile(join(dir, 'quarantine', aside as string)), rotten)).toBe(0);
    await store.blobs.put(ctx, digest, inPieces(bytes));
    expect(await read(digest)).toHaveLength(100_000);
  });

  test('hashes again a file that was changed under a running server', async () => {
    await store.blobs.put(ctx, digest, inPieces(bytes));
    await read(digest);
    const path = join(dir, DiskPath.ofBlob(digest));
    await writeFile(path, patterned(100_000, 7));
    await utimes(path, 1, 1);
    expect(await read(digest)).toBeUndefined();
  });

  test('does not take a short file for the blob, and lets an upload mend it', async () => {
    await store.blobs.put(ctx, digest, inPieces(bytes));
    await writeFile(join(dir, DiskPath.ofBlob(digest)), bytes.subarray(1));
    expect(await read(digest)).toBeUndefined();
    expect(await store.blobs.findMissing(ctx, new Set([digest]))).toEqual(new Set([digest]));
    await store.blobs.put(ctx, digest, inPieces(bytes));
    expect(await read(digest)).toHaveLength(100_000);
  });

  test('keeps instances’ action results apart', async () => {
    const instances = ['', 'a', 'a/b', 'a%2Fb', 'ä\nb'];
    for (const instance of instances) await store.actions(instance).put(ctx, digest, Buffer.from(`of ${instance}`));
    for (const instance of instances) {
      const got = await store.actions(instance).get(ctx, digest);
      expect(Buffer.from(got ?? []).toString()).toBe(`of ${instance}`);
    }
  });

  test('ends the reading of a large rotten file with data_loss, before its end', async () => {
    const large = patterned(3 << 20);
    const name = Digest.ofBytes(large);
    await store.blobs.put(ctx, name, inPieces(large));
    await reopen();
    await store.reconciled();
    const path = join(dir, DiskPath.ofBlob(name));
    large[3_000_000] = 0xff & ~(large[3_000_000] as number);
    await writeFile(path, large);
    let received = 0;
    const reading = async (): Promise<void> => {
      for await (const piece of (await store.blobs.get(ctx, name)) ?? []) received += piece.byteLength;
    };
    await expect(reading()).rejects.toMatchObject({ code: 'data_loss' });
    expect(received).toBeLessThan(large.byteLength);
    await store.reconciled();
    expect(corrupt).toEqual([DiskPath.ofBlob(name)]);
    expect(await store.blobs.get(ctx, name)).toBeUndefined();
  });

  /** What is in the only segment. */
  const segment = (): string => join(dir, 'segments', '0000000001');

  test.each([
    ['a blob', 'blob'],
    ['a result', 'action'],
  ])('gives out nothing where the record of %s is damaged, and takes it anew', async (_, kind) => {
    const small = patterned(1000, 3);
    const name = Digest.ofBytes(small);
    const put = (): Promise<void> =>
      kind === 'blob' ? store.blobs.put(ctx, name, BlobReader.ofBytes(small)) : store.actions('').put(ctx, name, small);
    const get = async (): Promise<Uint8Array | undefined> =>
      kind === 'blob' ? read(name) : store.actions('').get(ctx, name);
    for (const at of [0, 10, 40, 500]) {
      await put();
      const whole = await readFile(segment());
      const start = whole.lastIndexOf(small) - 68;
      await reopen();
      whole[start + at] = 0xff & ~(whole[start + at] as number);
      await writeFile(segment(), whole);
      corrupt = [];
      expect(await get()).toBeUndefined();
      expect(corrupt).toHaveLength(1);
      await put();
      expect(await get()).toEqual(Buffer.from(small));
    }
  });

  test('has small blobs and results after a kill, whatever was written down of them', async () => {
    const blobs = Array.from({ length: 50 }, (_, i) => patterned(100 + i, i));
    await Promise.all(blobs.map((blob) => store.blobs.put(ctx, Digest.ofBytes(blob), BlobReader.ofBytes(blob))));
    await store.actions('a').put(ctx, digest, Buffer.from('first'));
    await store.actions('a').put(ctx, digest, Buffer.from('second'));
    await reopen(); // The one before was never closed.
    for (const blob of blobs) expect(await read(Digest.ofBytes(blob))).toEqual(Buffer.from(blob));
    expect(Buffer.from((await store.actions('a').get(ctx, digest)) ?? []).toString()).toBe('second');
  });

  test('cuts off a record that was only half written, and goes on behind the last whole one', async () => {
    const [first, second] = [patterned(500, 1), patterned(500, 2)];
    await store.blobs.put(ctx, Digest.ofBytes(first), BlobReader.ofBytes(first));
    await store.blobs.put(ctx, Digest.ofBytes(second), BlobReader.ofBytes(second));
    const whole = await readFile(segment());
    await writeFile(segment(), whole.subarray(0, -100));
    await reopen();
    expect(await read(Digest.ofBytes(second))).toBeUndefined();
    await store.blobs.put(ctx, Digest.ofBytes(second), BlobReader.ofBytes(second));
    expect((await readFile(segment())).byteLength).toBe(whole.byteLength);
    await reopen();
    expect(await read(Digest.ofBytes(second))).toEqual(Buffer.from(second));
    expect(await read(Digest.ofBytes(first))).toEqual(Buffer.from(first));
  });

  test('has everything again after its index was lost, from segments and files alone', async () => {
    const small = patterned(700, 5);
    await store.blobs.put(ctx, Digest.ofBytes(small), BlobReader.ofBytes(small));
    await store.blobs.put(ctx, digest, inPieces(bytes));
    await store.actions('a').put(ctx, digest, Buffer.from('a result'));
    await store[Symbol.asyncDispose]();
    await rm(join(dir, 'index'), { recursive: true });
    store = await open();
    expect(await read(digest)).toHaveLength(100_000); // Even before it has been looked for.
    await store.reconciled();
    expect(await read(Digest.ofBytes(small))).toEqual(Buffer.from(small));
    expect(Buffer.from((await store.actions('a').get(ctx, digest)) ?? []).toString()).toBe('a result');
    expect(store.count).toBe(3);
  });

  test.each(digestFunctionNames)('finds large and small blobs by %s again without its index', async (name) => {
    const all = [patterned(3000), patterned(300_000)];
    for (const bytes of all) await store.blobs.put(ctx, Digest.ofBytes(bytes, name), inPieces(bytes));
    await store[Symbol.asyncDispose]();
    await rm(join(dir, 'index'), { recursive: true });
    store = await open();
    await store.reconciled();
    for (const bytes of all) {
      const blob = await store.blobs.get(ctx, Digest.ofBytes(bytes, name));
      expect(blob && Buffer.compare(await bytesOf(blob, bytes.byteLength), bytes)).toBe(0);
      const others = digestFunctionNames
        .filter((other) => other !== name && digestFunctions[other].hexLength === digestFunctions[name].hexLength)
        .map((other) => Digest.of(other, Digest.hex(Digest.ofBytes(bytes, name)), bytes.byteLength));
      expect(await store.blobs.findMissing(ctx, new Set(others))).toEqual(new Set(others));
    }
  });

  test('knows everything at once after an end in order, but that nothing has been verified', async () => {
    const small = patterned(700, 5);
    await store.blobs.put(ctx, Digest.ofBytes(small), BlobReader.ofBytes(small));
    await store.reconciled();
    await store[Symbol.asyncDispose]();
    expect(await readdir(join(dir, 'index'))).toEqual([expect.stringMatching(/^snapshot-/)]);
    store = await open();
    expect(await store.blobs.findMissing(ctx, new Set([Digest.ofBytes(small)]))).toEqual(new Set());
    expect(await read(Digest.ofBytes(small))).toEqual(Buffer.from(small));
  });

  test.each(['cas/$1/$2/', '$1/$2/', 'cas/$1/', '$1/'])(
    'adopts files that lie as %s, and leaves strangers alone',
    async (layout) => {
      const hex = Digest.hex(digest);
      const folder = join(dir, layout.replace('$1', hex.slice(0, 2)).replace('$2', hex.slice(2, 4)));
      await store.reconciled();
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, hex), bytes);
      await writeFile(join(folder, 'notes.txt'), 'mine');
      await mkdir(join(dir, 'cas', 'lost+found'), { recursive: true });
      const found: unknown[] = [];
      await reopen({ onReconciled: (result) => found.push({ ...result, strangers: result.strangers.length }) });
      await store.reconciled();
      expect(found).toMatchObject([{ adopted: 1, ghosts: 0, strangers: 2 }]);
      expect(await store.blobs.findMissing(ctx, new Set([digest]))).toEqual(new Set());
      expect(await read(digest)).toHaveLength(100_000);
      expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
    },
  );

  test('compares everything else when some of the directory is not as it should be', async () => {
    await store.blobs.put(ctx, digest, inPieces(bytes));
    await store[Symbol.asyncDispose]();
    const others = ['00', '11', '22'].map((branch) => `cas/${branch}`);
    const [file, unlisted, unplaced] = others as [string, string, string];
    await writeFile(join(dir, file), 'what is this?');
    await writeFile(join(dir, '44'), 'and this?');
    await mkdir(join(dir, unlisted));
    await mkdir(join(dir, unplaced));
    await writeFile(join(dir, unplaced, '22'.repeat(32)), 'not a blob, but named like one');
    const worn = new (class extends NodeDisk {
      override async list(path: string): Promise<readonly Entry[]> {
        if (path === unlisted) throw eacces();
        return await super.list(path);
      }
      override async rename(from: string, to: string): Promise<void> {
        if (from.startsWith(unplaced)) throw eacces();
        await super.rename(from, to);
      }
    })(dir);
    const found: unknown[] = [];
    store = await LocalStore.open({
      ...{ disk: worn, random: systemRandom, clock: systemClock, boot: 'this one' },
      observer: { onReconciled: ({ strangers }) => found.push(strangers.toSorted()) },
    });
    await store.reconciled();
    expect(found).toEqual([[file, unlisted, `${unplaced}/${'22'.repeat(32)}`]]);
    expect(store.comparedShare).toBeUndefined();
    expect(await read(digest)).toHaveLength(100_000);
  });

  test.each(['off', 'zstd'] as const)(
    'takes over files that it knows and that lie a level higher, compression %s',
    async (compression) => {
      await store[Symbol.asyncDispose]();
      store = await open({}, compression);
      const text = Buffer.from('as the night the day '.repeat(5_000));
      const digest = Digest.ofBytes(text);
      const path = join(dir, compression === 'off' ? DiskPath.ofBlob(digest) : DiskPath.ofPacked(digest));
      const branch = join(path, '..', '..');
      await store.blobs.put(ctx, digest, inPieces(text));
      await store[Symbol.asyncDispose]();
      await rename(path, join(branch, basename(path)));
      await rm(join(path, '..'), { recursive: true });
      store = await open({}, compression);
      await store.reconciled();
      expect(await store.blobs.findMissing(ctx, new Set([digest]))).toEqual(new Set());
      expect(await read(digest)).toEqual(new Uint8Array(text));
      expect(await readdir(branch)).toEqual([basename(join(path, '..'))]);
      expect(await readdir(join(path, '..'))).toEqual([basename(path)]);
    },
  );

  test('keeps one of a file that lies a level higher, and was brought again before it was found', async () => {
    await store.blobs.put(ctx, digest, inPieces(bytes));
    await store[Symbol.asyncDispose]();
    const path = join(dir, DiskPath.ofBlob(digest));
    const branch = join(path, '..', '..');
    await copyFile(path, join(branch, basename(path)));
    store = await open();
    await store.reconciled();
    expect(await read(digest)).toHaveLength(100_000);
    expect(await readdir(branch)).toEqual([basename(join(path, '..'))]);
  });

  test('forgets files that somebody removed', async () => {
    await store.blobs.put(ctx, digest, inPieces(bytes));
    await store[Symbol.asyncDispose]();
    await rm(join(dir, 'cas'), { recursive: true });
    store = await open();
    expect(await store.blobs.findMissing(ctx, new Set([digest]))).toEqual(new Set([digest]));
    expect(await read(digest)).toBeUndefined();
    expect(store.count).toBe(0);
  });

  test('marks what it knows, and uses what is here', async () => {
    const clock = new SimulatedClock(new SeededRandom(1));
    const disk = new SimulatedDisk(new SeededRandom(2), clock);
    const later = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
    const small = Digest.ofBytes(patterned(700));
    const absent = Digest.ofBytes(patterned(701));
    await clock.run(
      (async () => {
        await using other = await LocalStore.open({ disk, clock, random: new SeededRandom(3) });
        const marks = (): Mark[] => {
          const list = checklistOf([small, digest, absent]);
          other.blobs.mark?.(ctx, list);
          return [0, 1, 2].map((i) => list.markOf(i));
        };
        await other.reconciled();
        await other.blobs.put(ctx, small, BlobReader.ofBytes(patterned(700)));
        await other.blobs.put(ctx, digest, inPieces(bytes));
        for (let i = 0; i < 3; i++) {
          await later(50_000);
          expect(marks()).toEqual([Mark.here, Mark.here, Mark.absent]);
        }
        // Somebody may have removed a file that nobody used for a minute: that is for findMissing to look at.
        await later(61_000);
        const unsure = [Mark.here, Mark.none, Mark.absent];
        expect([marks(), marks()]).toEqual([unsure, unsure]);
        await disk.remove(DiskPath.ofBlob(digest));
        expect(await other.blobs.findMissing(ctx, new Set([small, digest]))).toEqual(new Set([digest]));
      })(),
    );
  });

  test('marks nothing as here that is absent, whatever the time of day is said to be', async () => {
    const clock = { ...systemClock, now: () => 0 };
    await using other = await LocalStore.open({ disk: new NodeDisk(join(dir, 'other')), clock, random: systemRandom });
    await other.reconciled();
    await other.blobs.put(ctx, digest, inPieces(bytes));
    const list = checklistOf([digest, Digest.ofBytes(patterned(701))]);
    other.blobs.mark?.(ctx, list);
    expect([list.markOf(0), list.markOf(1)]).toEqual([Mark.here, Mark.absent]);
  });

  test('tells the file system when a file was used, once it may, and nothing else of it', async () => {
    const clock = new SimulatedClock(new SeededRandom(1));
    const disk = new SimulatedDisk(new SeededRandom(2), clock);
    const times = (): { accessedMs: number; modifiedMs: number }[] =>
      Array.from(disk.files).flatMap(([path, file]) => (path.startsWith('cas/') ? [file as never] : []));
    await clock.run(
      (async () => {
        await using other = await LocalStore.open({ disk, clock, random: new SeededRandom(3), forceUpdateAtime: true });
        await other.blobs.put(ctx, digest, inPieces(bytes));
        const [{ modifiedMs } = { modifiedMs: 0 }] = times();
        await new Promise<void>((resolve) => clock.after(10_000, resolve));
        const usedMs = clock.now();
        await other.blobs.findMissing(ctx, new Set([digest]));
        expect(times()[0]?.accessedMs).toBeLessThan(usedMs);
        await new Promise<void>((resolve) => clock.after(61_000, resolve));
        expect(times()).toMatchObject([{ accessedMs: usedMs, modifiedMs }]);
      })(),
    );
  });

  test('knows what it stored in a run that ended before the directory was compared', async () => {
    await store.reconciled();
    await store[Symbol.asyncDispose]();
    const goOn = Promise.withResolvers<void>();
    const slow = new (class extends NodeDisk {
      override async list(path: string): Promise<readonly Entry[]> {
        if (path === DiskPath.blobs) await goOn.promise;
        return await super.list(path);
      }
    })(dir);
    store = await LocalStore.open({ disk: slow, random: systemRandom, clock: systemClock, boot: 'this one' });
    await store.blobs.put(ctx, digest, inPieces(bytes));
    const ending = store[Symbol.asyncDispose]();
    setImmediate(goOn.resolve);
    await ending;
    store = await open();
    expect(store.count).toBe(1);
  });

  test('compares the directory anew when that failed, a while later', async () => {
    const clock = new SimulatedClock(new SeededRandom(1));
    let failures = 1;
    const disk = new (class extends SimulatedDisk {
      override async list(path: string): Promise<readonly Entry[]> {
        if (path === DiskPath.blobs && failures-- > 0) throw new Failure('resource_exhausted', 'EMFILE');
        return await super.list(path);
      }
    })(new SeededRandom(1), clock);
    const pass = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
    await clock.run(
      (async () => {
        await using other = await LocalStore.open({ disk, clock, random: new SeededRandom(1) });
        await other.reconciled();
        expect(other.comparedShare).toBe(0);
        await other.mend(ctx);
        await other.reconciled();
        expect(other.comparedShare).toBe(0);
        await pass(60_001);
        await other.mend(ctx);
        await other.reconciled();
        expect(other.comparedShare).toBeUndefined();
      })(),
    );
  });

  test('starts over a directory full of rubbish', async () => {
    await store[Symbol.asyncDispose]();
    await writeFile(join(dir, 'segments', '0000000009'), patterned(100_000, 9));
    await writeFile(join(dir, 'segments', 'README'), 'hello');
    for (const name of ['snapshot-0000000007', 'journal-0000000007', 'journal-0000000003', 'nonsense']) {
      await writeFile(join(dir, 'index', name), patterned(5000, 4));
    }
    await mkdir(join(dir, 'quarantine', 'deep'), { recursive: true });
    await mkdir(join(dir, 'tmp', 'deep'), { recursive: true });
    store = await open();
    await store.blobs.put(ctx, digest, inPieces(bytes));
    expect(await read(digest)).toHaveLength(100_000);
  });
});

describe('a LocalStore that compresses', () => {
  const small = Buffer.from('all work and no play '.repeat(500));
  const large = Buffer.from('makes Jack a dull boy '.repeat(50_000));
  const noise = Buffer.concat(Array.from({ length: 4000 }, (_, i) => createHash('sha512').update(String(i)).digest()));
  const all = [small, large, noise];

  let dir: string;
  let store: LocalStore;
  const open = async (): Promise<void> => {
    store = await LocalStore.open({
      ...{ disk: new NodeDisk(dir), random: systemRandom, clock: systemClock, boot: 'this one', compression: 'zstd' },
    });
    await store.reconciled();
  };
  const get = (bytes: Uint8Array, range?: { offset: number; limit?: number }): Promise<BlobReader | undefined> =>
    store.blobs.get(ctx, Digest.ofBytes(bytes), range);
  const files = async (): Promise<string[]> =>
    (await readdir(join(dir, 'cas'), { recursive: true })).filter((name) => name.length > 60);

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gorego-store-'));
    await open();
    for (const bytes of all) await store.blobs.put(ctx, Digest.ofBytes(bytes), inPieces(bytes));
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });

  test('takes less, and stores as it is what does not shrink', async () => {
    const names = await files();
    const noiseName = Digest.hex(Digest.ofBytes(noise));
    const largeName = `${Digest.hex(Digest.ofBytes(large))}.${large.byteLength}.zst`;
    expect(names.map((name) => name.slice(6)).sort()).toEqual([largeName, noiseName].sort());
    expect(store.diskBytes).toBeLessThan(noise.byteLength + 200_000);
    expect((await get(noise))?.compressed).toBeUndefined();
  });

  test.each(['at once', 'after a restart', 'after its index was lost'])(
    'gives back what it was given, %s',
    async (when) => {
      if (when !== 'at once') await store[Symbol.asyncDispose]();
      if (when === 'after its index was lost') await rm(join(dir, 'index'), { recursive: true });
      if (when !== 'at once') await open();
      expect(await store.blobs.findMissing(ctx, new Set(all.map((bytes) => Digest.ofBytes(bytes))))).toEqual(new Set());
      for (const bytes of all) {
        for (const range of [
          undefined,
          { offset: 0, limit: 10 },
          { offset: 3000, limit: 5000 },
          { offset: bytes.byteLength - 7 },
        ]) {
          const blob = (await get(bytes, range)) as BlobReader;
          const wanted = bytes.subarray(range?.offset ?? 0, (range?.offset ?? 0) + (range?.limit ?? bytes.byteLength));
          expect(Buffer.compare(await bytesOf(blob, 1 << 24), wanted)).toBe(0);
        }
      }
      for await (const stored of store.everything(ctx)) expect(await stored.isRight()).toBe(true);
    },
  );

  test.each([0, 1, 262_143, 262_144, 262_145, 1_000_000])(
    'gives what it has compressed, from byte %d on',
    async (offset) => {
      for (const bytes of [small, large].filter(({ byteLength }) => byteLength > offset)) {
        const blob = (await get(bytes, { offset })) as BlobReader;
        if (blob.compressed === undefined) {
          expect([bytes, offset > 0]).toEqual([small, true]); // A part of a small one is quickly compressed.
          await blob[Symbol.asyncDispose]();
          continue;
        }
        const frames = Buffer.concat(await Array.fromAsync(blob.compressed.chunks()));
        await blob[Symbol.asyncDispose]();
        const content = await Array.fromAsync(codecs().zstd.decompress([frames], { bytesMax: 1 << 24 }));
        expect(Buffer.compare(Buffer.concat(content), bytes.subarray(offset))).toBe(0);
        expect(frames.byteLength).toBeLessThan(bytes.byteLength / 10);
      }
    },
  );

  test('gives out a small one that rotted while it was used as data_loss once, and takes it anew', async () => {
    const path = join(dir, 'segments', '0000000001');
    const bytes = await readFile(path);
    await get(small);
    await writeFile(path, bytes.fill(0, 68, 100));
    await expect(bytesOf((await get(small)) as BlobReader, 1 << 20)).rejects.toMatchObject({ code: 'data_loss' });
    expect(await get(small)).toBeUndefined();
    await store.blobs.put(ctx, Digest.ofBytes(small), inPieces(small));
    expect(await bytesOf((await get(small)) as BlobReader, 1 << 20)).toEqual(small);
  });

  test('gives out nothing where a file is damaged, wherever, and takes it anew', async () => {
    const path = async (): Promise<string> =>
      join(dir, 'cas', (await files()).find((name) => name.endsWith('.zst')) as string);
    const { byteLength } = await readFile(await path());
    for (const at of [5, 100, byteLength - 60, byteLength - 20, byteLength - 1]) {
      await store[Symbol.asyncDispose]();
      const file = await readFile(await path());
      file[at] = 0xff & ~(file[at] as number);
      await writeFile(await path(), file);
      await open();
      expect(await get(large, { offset: 10, limit: 10 })).toBeUndefined();
      expect(await store.blobs.findMissing(ctx, new Set([Digest.ofBytes(large)]))).toEqual(
        new Set([Digest.ofBytes(large)]),
      );
      await store.blobs.put(ctx, Digest.ofBytes(large), inPieces(large));
      expect(Buffer.compare(await bytesOf((await get(large)) as BlobReader, 1 << 24), large)).toBe(0);
    }
  });
});
