import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background, Scope } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { NodeDisk, systemRandom } from '@gorego/platform';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BlobReader, bytesOf } from '../blob-reader.ts';
import {
  actionCacheSuite,
  blobStoreSuite,
  inPieces,
  keptActionsSuite,
  patterned,
  stagingSuite,
} from '../testing/index.ts';
import { DiskPath } from './disk-path.ts';
import { LocalStore } from './local-store.ts';

const ctx = background();

async function fresh(): Promise<{ dir: string; store: LocalStore } & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), 'gorego-store-'));
  const store = await LocalStore.open({ disk: new NodeDisk(dir), random: systemRandom });
  return { dir, store, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

describe('LocalStore.blobs is a StagingStore: it', () => {
  test.each([...blobStoreSuite, ...stagingSuite])('$name', ({ run }) =>
    run(async () => {
      const { store, [Symbol.asyncDispose]: dispose } = await fresh();
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
  const open = (): Promise<LocalStore> =>
    LocalStore.open({ disk: new NodeDisk(dir), random: systemRandom, onCorrupt: (_, path) => corrupt.push(path) });
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
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  test('lays a blob down as a plain file under its hash, and finds it after a restart', async () => {
    await store.blobs.put(ctx, digest, inPieces(bytes));
    const hex = Digest.hex(digest);
    const path = join(dir, 'cas', hex.slice(0, 2), hex.slice(2, 4), hex);
    expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
    store = await open();
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

  test('clears away at the next start what a crash left half-written', async () => {
    await writeFile(join(dir, 'tmp', 'leftover'), 'half');
    await open();
    expect(await readdir(join(dir, 'tmp'))).toEqual([]);
  });

  test.each([
    ['whole', undefined],
    ['in part', { offset: 10, limit: 5 }],
  ])('never gives out a file that rotted between starts, read %s', async (_, range) => {
    await store.blobs.put(ctx, digest, inPieces(bytes));
    store = await open();
    const path = join(dir, DiskPath.ofBlob(digest));
    const rotten = await readFile(path);
    rotten[50_000] = 0xff & ~(rotten[50_000] as number);
    await writeFile(path, rotten);
    const got = async (): Promise<Uint8Array | undefined> => {
      const blob = await store.blobs.get(ctx, digest, range);
      return blob && bytesOf(blob, 1 << 20);
    };
    await expect(got()).rejects.toMatchObject({ code: 'data_loss' });
    expect(corrupt).toEqual([DiskPath.ofBlob(digest)]);
  });

  test('hashes again a file that was changed under a running server', async () => {
    await store.blobs.put(ctx, digest, inPieces(bytes));
    await read(digest);
    const path = join(dir, DiskPath.ofBlob(digest));
    await writeFile(path, patterned(100_000, 7));
    await utimes(path, 1, 1);
    await expect(read(digest)).rejects.toMatchObject({ code: 'data_loss' });
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

  // A protobuf message cut at a field's border still parses: only the record's hash tells.
  test.each([
    ['cut short', (record: Buffer) => record.subarray(0, -1)],
    ['cut to its first line', (record: Buffer) => record.subarray(0, record.indexOf('\n') + 1)],
    ['emptied', () => Buffer.of()],
    ['changed', (record: Buffer) => Buffer.from(record.toString('latin1').replace('result', 'resulT'), 'latin1')],
  ])('has no result where its record was %s', async (_, damage) => {
    const actions = store.actions('');
    await actions.put(ctx, digest, Buffer.from('a result'));
    const [name] = await readdir(join(dir, 'ac'), { recursive: true }).then((all) => all.filter((n) => n.length > 60));
    const path = join(dir, 'ac', name as string);
    await writeFile(path, damage(await readFile(path)));
    expect(await actions.get(ctx, digest)).toBeUndefined();
    expect(corrupt).toHaveLength(1);
    await actions.put(ctx, digest, Buffer.from('mended'));
    expect(await actions.get(ctx, digest)).toEqual(Buffer.from('mended'));
  });
});
