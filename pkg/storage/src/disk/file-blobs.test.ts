import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { type DiskFile, NodeDisk, systemClock, systemRandom } from '@gorego/platform';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type BlobReader, bytesOf } from '../blob-reader.ts';
import type { ByteRange } from '../byte-range.ts';
import { inPieces } from '../testing/index.ts';
import { DiskPath } from './disk-path.ts';
import { LocalStore } from './local-store.ts';
import { atOnce } from './recent-files.ts';

const ctx = background();

/** A disk that can't open some of its files, or read them from some byte on. */
class WornDisk extends NodeDisk {
  readonly unopened = new Map<string, string>();
  readonly unreadFrom = new Map<string, number>();

  override async open(path: string): Promise<DiskFile | undefined> {
    this.#refuse(path);
    return worn(await super.open(path), this.unreadFrom.get(path));
  }

  override openNow(path: string): DiskFile | undefined {
    this.#refuse(path);
    return worn(super.openNow(path), this.unreadFrom.get(path));
  }

  #refuse(path: string): void {
    const errno = this.unopened.get(path);
    if (errno !== undefined) throw refusal(errno);
  }
}

function worn(file: DiskFile | undefined, from: number | undefined): DiskFile | undefined {
  if (file === undefined || from === undefined) return file;
  const check = (bytes: Uint8Array, position: number): void => {
    if (position + bytes.byteLength > from) throw refusal('EIO');
  };
  return {
    ...atOnce(file),
    read: async (into, position) => {
      check(into, position);
      return await file.read(into, position);
    },
    readNow: (into, position) => {
      check(into, position);
      return file.readNow(into, position);
    },
    close: () => file.close(),
  };
}

function refusal(errno: string): Failure {
  const cause = Object.assign(new Error(errno), { code: errno });
  return new Failure(Failure.from(cause).code, errno, { cause });
}

const whole: ByteRange = { offset: 0 };
const part: ByteRange = { offset: 700_000, limit: 5 };
const rest: ByteRange = { offset: 700_000 };

describe.each(['off', 'zstd'] as const)('blobs in files of their own, compression %s', (compression) => {
  let dir: string;
  let disk: WornDisk;
  let store: LocalStore;
  let corrupt: string[];
  let troubles: string[];

  const open = async ({ waits = true } = {}): Promise<void> => {
    disk = new WornDisk(dir);
    store = await LocalStore.open({
      ...{ disk, random: systemRandom, clock: systemClock, boot: 'this one', compression },
      observer: {
        onCorrupt: (_, path) => corrupt.push(path),
        onTrouble: (what, { message }) => troubles.push(`${what}: ${message}`),
      },
    });
    if (waits) await store.reconciled();
  };
  const reopen = async (): Promise<void> => {
    await store[Symbol.asyncDispose]();
    await open();
  };
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gorego-files-'));
    corrupt = [];
    troubles = [];
    await open();
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
    expect(troubles).toEqual([]);
  });

  const pathOf = (digest: Digest): string =>
    compression === 'zstd' ? DiskPath.ofPacked(digest) : DiskPath.ofBlob(digest);
  const put = async (bytes: Uint8Array): Promise<Digest> => {
    const digest = Digest.ofBytes(bytes);
    await store.blobs.put(ctx, digest, inPieces(bytes));
    return digest;
  };
  const get = async (digest: Digest, range: ByteRange = whole): Promise<Uint8Array | undefined> => {
    const blob = await store.blobs.get(ctx, digest, range);
    return blob && (await bytesOf(blob, 1 << 24));
  };
  /** As who wants it compressed does. */
  const getCompressed = async (digest: Digest): Promise<void> => {
    await using blob = await store.blobs.get(ctx, digest);
    for await (const _ of blob?.compressed?.chunks() ?? blob ?? []);
  };
  const missing = async (digest: Digest): Promise<boolean> =>
    (await store.blobs.findMissing(ctx, new Set([digest]))).size > 0;
  /** It is set aside, once; and an upload mends it. */
  const expectMended = async (digest: Digest, bytes: Uint8Array): Promise<void> => {
    await store.reconciled();
    expect(corrupt).toEqual([pathOf(digest)]);
    expect(await missing(digest)).toBe(true);
    expect(await get(digest)).toBeUndefined();
    expect(await readdir(join(dir, 'quarantine'))).toHaveLength(1);
    disk.unopened.clear();
    disk.unreadFrom.clear();
    await put(bytes);
    expect(Buffer.compare((await get(digest)) as Uint8Array, bytes)).toBe(0);
    await reopen();
    expect(Buffer.compare((await get(digest)) as Uint8Array, bytes)).toBe(0);
  };

  /** Compresses, though not to nothing. */
  const text = (sizeBytes: number): Uint8Array =>
    Buffer.from(
      Array.from({ length: sizeBytes / 8 }, (_, i) => ((i * i) % 99_999_989).toString(36).padEnd(8)).join(''),
    );
  const large = text(3 << 20);
  const medium = text(800_000);
  const damage = async (digest: Digest, share: number): Promise<void> => {
    const path = join(dir, pathOf(digest));
    const file = await readFile(path);
    const at = Math.floor(file.byteLength * share);
    file.fill(~(file[at] as number), at, at + 100);
    await writeFile(path, file);
  };

  // obligation: BSR-14
  test.each([0, 0.5, 0.9])(
    'a large one with bytes damaged at %d of it fails one reader before its end, and is gone',
    async (share) => {
      const digest = await put(large);
      await reopen();
      await damage(digest, share);
      await expect(get(digest)).rejects.toMatchObject({ code: 'data_loss' });
      await expectMended(digest, large);
    },
  );

  test.each([
    ['whole', medium, whole],
    ['in part', medium, part],
    ['from a byte on', medium, rest],
    ['large, in part', large, part],
    ['large, from a byte on', large, rest],
  ])('a damaged one is gone for who reads it %s', async (_, bytes, range) => {
    const digest = await put(bytes);
    await reopen();
    await damage(digest, 0.5);
    expect(await get(digest, range)).toBeUndefined();
    await expectMended(digest, bytes);
  });

  test('a large damaged one is not given out compressed either', async () => {
    const digest = await put(large);
    await reopen();
    await damage(digest, 0.5);
    await expect(getCompressed(digest)).rejects.toMatchObject({ code: 'data_loss' });
    await expectMended(digest, large);
  });

  test('two who read a damaged one at a time both learn that it is gone', async () => {
    const digest = await put(medium);
    await reopen();
    await damage(digest, 0.5);
    expect(await Promise.all([get(digest, part), get(digest), get(digest, rest)])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    await expectMended(digest, medium);
  });

  test('a late reader of a damaged one does not take away what was brought meanwhile', async () => {
    const digest = await put(large);
    await reopen();
    await damage(digest, 0.9);
    const late = (await store.blobs.get(ctx, digest)) as BlobReader;
    await expect(get(digest)).rejects.toMatchObject({ code: 'data_loss' });
    await store.reconciled();
    await put(large);
    await expect(bytesOf(late, 1 << 24)).rejects.toMatchObject({ code: 'data_loss' });
    await store.reconciled();
    expect(Buffer.compare((await get(digest)) as Uint8Array, large)).toBe(0);
  });

  test.each(['EACCES', 'EPERM', 'EIO', 'EISDIR', 'EUCLEAN'])('one that can’t be opened (%s) is gone', async (errno) => {
    const digest = await put(medium);
    disk.unopened.set(pathOf(digest), errno);
    expect(await get(digest)).toBeUndefined();
    await expectMended(digest, medium);
  });

  test.each(['EMFILE', 'ENFILE', 'ENOMEM'])(
    'one that can’t be opened for lack of something else (%s) stays',
    async (errno) => {
      const digest = await put(medium);
      disk.unopened.set(pathOf(digest), errno);
      await expect(get(digest)).rejects.toMatchObject({ code: 'resource_exhausted' });
      disk.unopened.clear();
      expect(Buffer.compare((await get(digest)) as Uint8Array, medium)).toBe(0);
      expect(corrupt).toEqual([]);
    },
  );

  test('one that the disk can’t read is gone', async () => {
    const digest = await put(medium);
    disk.unreadFrom.set(pathOf(digest), 0);
    await reading(get(digest));
    await expectMended(digest, medium);
  });

  test('one that the disk can’t read to the end is gone for the next, though it was right before', async () => {
    const digest = await put(large);
    await get(digest);
    const { byteLength } = await readFile(join(dir, pathOf(digest)));
    disk.unreadFrom.set(pathOf(digest), Math.floor(byteLength / 2));
    if (compression === 'off') await expect(get(digest)).rejects.toMatchObject({ code: 'internal' });
    else await reading(get(digest));
    await expectMended(digest, large);
  });

  test('one in whose place there is a directory is gone, and an upload puts it there again', async () => {
    const digest = await put(medium);
    await rm(join(dir, pathOf(digest)));
    await mkdir(join(dir, pathOf(digest), 'deep'), { recursive: true });
    await writeFile(join(dir, pathOf(digest), 'deep', 'notes.txt'), 'mine');
    expect(await get(digest)).toBeUndefined();
    await expectMended(digest, medium);
  });

  test.each([
    ['the file', (path: string) => path, true],
    ['its directory', (path: string) => path.slice(0, 9), false],
    ['the one above', (path: string) => path.slice(0, 6), false],
  ])('whatever stands where %s is to be makes way for an upload', async (_, obstacleOf, isDirectory) => {
    const digest = Digest.ofBytes(medium);
    const obstacle = join(dir, obstacleOf(pathOf(digest)));
    await mkdir(join(obstacle, '..'), { recursive: true });
    if (isDirectory) await mkdir(join(obstacle, 'deep'), { recursive: true });
    else await writeFile(obstacle, 'what is this?');
    expect(await missing(digest)).toBe(true);
    await put(medium);
    expect(Buffer.compare((await get(digest)) as Uint8Array, medium)).toBe(0);
    expect(await readdir(join(dir, 'quarantine'))).toHaveLength(1);
  });

  test('nobody harms one by asking for it with another size, even while the directory is compared', async () => {
    const digest = await put(medium);
    await store[Symbol.asyncDispose]();
    await open({ waits: false });
    const wrong = Digest.of('sha256', Digest.hex(digest), medium.byteLength + 1);
    expect([await missing(wrong), await get(wrong), await missing(wrong)]).toEqual([true, undefined, true]);
    expect(await missing(digest)).toBe(false);
    expect(Buffer.compare((await get(digest)) as Uint8Array, medium)).toBe(0);
    await store.reconciled();
    expect(corrupt).toEqual([]);
    expect(await missing(digest)).toBe(false);
  });
});

/** Waits for its end, whatever it is. */
async function reading(got: Promise<unknown>): Promise<void> {
  await got.catch(() => {});
}
