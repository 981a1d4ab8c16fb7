import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { chmod, link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { codecs } from '@gorego/compression';
import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { NodeDisk, systemRandom } from '@gorego/platform';
import { Directory } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { bytesOf, emptyAlwaysHere, MemoryBlobs } from '@gorego/storage';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Spool } from '../spool.ts';
import { pax, tar, tarEntry, type ZipFile, zip } from '../testing/archives.ts';
import { unpack } from './unpack.ts';

const ctx = background();
let folder: string;
let spool: Spool;
let blobs: MemoryBlobs;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gorego-unpack-'));
  spool = await Spool.open({ disk: new NodeDisk(folder), folder: 'spool', random: systemRandom });
  blobs = new MemoryBlobs();
});
afterEach(() => rm(folder, { recursive: true }));

/** What an archive is made into, as `path → what`. */
async function unpacked(archive: Buffer, directory = '', bytesMax = 2 ** 26): Promise<Record<string, string>> {
  const content = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < archive.byteLength; at += 1000) yield archive.subarray(at, at + 1000);
  };
  const filling = {
    functionName: 'sha256',
    hashes: [],
    sizeMax: 2 ** 30,
    tooMuch: () => new Error() as never,
  } as const;
  await using spooled = await spool.fill(ctx, content(), filling);
  const root = await unpack(ctx, spooled, {
    spool,
    blobs: emptyAlwaysHere(blobs),
    functionName: 'sha256',
    zstd: codecs().zstd,
    directory,
    bytesMax,
  });
  return listed(root, '');
}

async function listed(root: Digest, path: string): Promise<Record<string, string>> {
  const { directories, files, symlinks } = Directory.decode(await blobOf(root));
  for (const names of [directories, files, symlinks].map((nodes) => nodes.map(({ name }) => name))) {
    expect(names).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  }
  const found: Record<string, string> =
    directories.length + files.length + symlinks.length === 0 ? { [`${path}/`]: '' } : {};
  for (const { name, digest, isExecutable } of files) {
    const text = Buffer.from(await blobOf(Digest.of('sha256', digest?.hash ?? '', digest?.sizeBytes ?? 0))).toString();
    found[`${path}/${name}`] = `${isExecutable ? '*' : ''}${text}`;
  }
  for (const { name, target } of symlinks) found[`${path}/${name}`] = `-> ${target}`;
  for (const { name, digest } of directories) {
    Object.assign(
      found,
      await listed(Digest.of('sha256', digest?.hash ?? '', digest?.sizeBytes ?? 0), `${path}/${name}`),
    );
  }
  return found;
}

async function blobOf(digest: Digest): Promise<Uint8Array> {
  const blob = await emptyAlwaysHere(blobs).get(ctx, digest);
  if (blob === undefined) throw new Error(`${digest} is not here`);
  return bytesOf(blob, 2 ** 30);
}

const simple = [
  tarEntry('a/', { type: '5' }),
  tarEntry('a/b', { content: 'hello' }),
  tarEntry('./run', { content: 'x', mode: 0o755 }),
  tarEntry('a/link', { type: '2', target: '../run' }),
  tarEntry('again', { type: '1', target: 'a/b' }),
  tarEntry('empty/', { type: '5' }),
];
const simpleTree = { '/a/b': 'hello', '/a/link': '-> ../run', '/again': 'hello', '/empty/': '', '/run': '*x' };

describe('an archive becomes a directory', () => {
  test.each<[string, Buffer]>([
    ['tar', tar(...simple)],
    ['tar without an end', Buffer.concat(simple)],
    ['tar.gz', gzipSync(tar(...simple))],
    [
      'tar.gz in two members',
      Buffer.concat([gzipSync(tar(...simple).subarray(0, 700)), gzipSync(tar(...simple).subarray(700))]),
    ],
    ['tar.zst', zstdCompressSync(tar(...simple))],
    // As pzstd makes them; the second ends where the archive could.
    ...[700, 2048].map((at): [string, Buffer] => [
      `tar.zst in frames, cut at ${at}`,
      Buffer.concat([zstdCompressSync(tar(...simple).subarray(0, at)), zstdCompressSync(tar(...simple).subarray(at))]),
    ]),
    [
      'zip',
      zip(
        { name: 'a/b', content: 'hello' },
        { name: 'run', content: 'x', mode: 0o100755, isStored: true },
        { name: 'a/link', content: '../run', mode: 0o120777 },
        { name: 'again', content: 'hello', isLarge: true },
        { name: 'empty/' },
      ),
    ],
  ])('from a %s', async (_, archive) => {
    expect(await unpacked(archive)).toEqual(simpleTree);
  });

  test.each(['ustar', 'gnu', 'pax'])('from what tar writes as %s', async (format) => {
    const from = join(folder, 'from');
    const long = `${'d'.repeat(90)}/${'e'.repeat(90)}`;
    await mkdir(join(from, long), { recursive: true });
    const large = Buffer.alloc(3_000_000, 'abcdefg');
    await writeFile(join(from, long, 'large'), large);
    await writeFile(join(from, 'ä'), 'umlaut');
    await chmod(join(from, 'ä'), 0o755);
    await link(join(from, 'ä'), join(from, 'ö'));
    await symlink(`${long}/large`, join(from, 'short')).catch(() => {});
    if (format === 'ustar') await rm(join(from, 'short')); // Its targets are short.
    execFileSync('tar', [`--format=${format}`, '-czf', join(folder, 'a.tgz'), '-C', from, '.']);
    expect(await unpacked(await readFile(join(folder, 'a.tgz')))).toEqual({
      [`/${long}/large`]: large.toString(),
      '/ä': '*umlaut',
      '/ö': '*umlaut',
      ...(format !== 'ustar' && { '/short': `-> ${long}/large` }),
    });
    expect(await readdir(join(folder, 'spool'))).toEqual([]);
  });

  test('of which a part may be wanted', async () => {
    const archive = tar(tarEntry('a/b/c', { content: 'x' }), tarEntry('d', { content: 'y' }));
    expect(await unpacked(archive, 'a/b')).toEqual({ '/c': 'x' });
    for (const missing of ['d', 'a/c', 'e']) {
      await expect(unpacked(archive, missing)).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  test('with the last of what it has twice', async () => {
    expect(await unpacked(tar(tarEntry('a', { content: 'x' }), tarEntry('a', { content: 'y' })))).toEqual({
      '/a': 'y',
    });
  });

  test('that is empty', async () => {
    expect(await unpacked(gzipSync(tar()).length > 0 ? tar(tarEntry('./', { type: '5' })) : tar())).toEqual({
      '/': '',
    });
    expect(await unpacked(zip())).toEqual({ '/': '' });
  });

  test('with the longer names and sizes that pax headers give', async () => {
    const path = `${'x'.repeat(200)}/ü`;
    const archive = tar(
      pax({ path, comment: 'a=b\nc' }),
      tarEntry('short', { content: 'hello' }),
      tarEntry('next', { content: 'n' }),
    );
    expect(await unpacked(archive)).toEqual({ [`/${path}`]: 'hello', '/next': 'n' });
  });
});

describe('an archive is refused', () => {
  const file = (name: string | Buffer): Buffer => tar(tarEntry(name, { content: 'x' }));
  const linkTo = (target: string, name = 'a'): Buffer => tar(tarEntry(name, { type: '2', target }));

  test.each<[string, Buffer]>([
    ['climbs', file('../a')],
    ['climbs in the middle', file('a/../../b')],
    ['climbs and comes back', file('a/../b')],
    ['is absolute', file('/etc/passwd')],
    ['is absolute, says pax', tar(pax({ path: '/etc/passwd' }), tarEntry('a'))],
    ['has a NUL, says pax', tar(pax({ path: 'a\0b' }), tarEntry('a'))],
    ['is not UTF-8', file(Buffer.of(0x61, 0xff))],
    ['is far too deep', tar(pax({ path: 'a/'.repeat(300) }), tarEntry('a'))],
    ['has too long a name', tar(pax({ path: 'a'.repeat(300) }), tarEntry('a'))],
    ['is nothing', file('.')],
    ['climbs in a zip', zip({ name: '../a' })],
    ['is a backslash’s in a zip', zip({ name: '..\\a' })],
    ['is absolute in a zip', zip({ name: '/a' })],
  ])('with a path that %s', async (_, archive) => {
    await expect(unpacked(archive)).rejects.toMatchObject({ code: 'aborted' });
  });

  test.each<[string, Buffer]>([
    ['is absolute', linkTo('/etc/passwd')],
    ['climbs', linkTo('../a')],
    ['climbs from deep', linkTo('../../../a', 'b/c/d')],
    ['climbs through what is not there', linkTo('x/../../a')],
    [
      'climbs by another link',
      tar(tarEntry('d/up', { type: '2', target: '..' }), tarEntry('out', { type: '2', target: 'd/up/..' })),
    ],
    ['is absolute by another link', tar(tarEntry('abs', { type: '2', target: '/' }))],
    ['is empty', linkTo('')],
    ['climbs in a zip', zip({ name: 'a', content: '../b', mode: 0o120777 })],
  ])('with a link that %s', async (_, archive) => {
    await expect(unpacked(archive)).rejects.toMatchObject({ code: 'aborted' });
  });

  test.each<[string, Buffer]>([
    ['a file behind a link', tar(tarEntry('a', { type: '2', target: 'b' }), tarEntry('a/c', { content: 'x' }))],
    ['a file below a file', tar(tarEntry('a', { content: 'x' }), tarEntry('a/b', { content: 'x' }))],
    ['a file for a directory', tar(tarEntry('a/b', { content: 'x' }), tarEntry('a', { content: 'x' }))],
    ['a hard link to nothing', tar(tarEntry('a', { type: '1', target: 'b' }))],
    ['a hard link out', tar(tarEntry('a', { type: '1', target: '../../etc/passwd' }))],
    ['a device', tar(tarEntry('a', { type: '3' }))],
    ['a pipe', tar(tarEntry('a', { type: '6' }))],
    ['a sparse file', tar(pax({ 'GNU.sparse.major': '1' }), tarEntry('a'))],
    ['a malformed pax header', tar(tarEntry('p', { type: 'x', content: '99 path=a\n' }), tarEntry('a'))],
    ['a pax header of 2 MiB', tar(tarEntry('p', { type: 'x', content: Buffer.alloc(2 ** 21) }), tarEntry('a'))],
    ['an end in the middle', tar(tarEntry('a', { content: 'x', size: 5000 }))],
    ['a wrong header', Buffer.concat([tarEntry('a').fill(1, 0, 5), Buffer.alloc(1024)])],
    ['gzip of no tar', gzipSync('hello')],
    ['half a gzip', gzipSync(tar(...simple)).subarray(0, 80)],
    ['zstd of no tar', zstdCompressSync('hello')],
    ['half a zstd', zstdCompressSync(tar(...simple)).subarray(0, 80)],
    ['a zstd that is none after its first frame', Buffer.concat([zstdCompressSync(tarEntry('a')), Buffer.from('no')])],
    ['no archive', Buffer.from('hello')],
    ['nothing', Buffer.alloc(0)],
    ['xz', Buffer.from('\xfd7zXZ\0 and more', 'latin1')],
    ['a size that is not so, in a zip', zip({ name: 'a', content: 'xyz', says: { sizeBytes: 2 } })],
    ['a larger size, in a zip', zip({ name: 'a', content: 'xyz', says: { sizeBytes: 4 } })],
    ['a checksum that is not so, in a zip', zip({ name: 'a', content: 'xyz', says: { crc: 1 } })],
    ['something encrypted, in a zip', zip({ name: 'a', says: { flags: 1 } })],
    ['another compression, in a zip', zip({ name: 'a', says: { method: 12 } })],
    ['a device, in a zip', zip({ name: 'a', mode: 0o060000 })],
    ['half a zip', zip({ name: 'a', content: 'x' }).subarray(0, 40)],
    ['a zip without its beginning', zip({ name: 'a', content: 'x' }).subarray(5)],
  ])('with %s', async (_, archive) => {
    await expect(unpacked(archive)).rejects.toMatchObject({ code: 'aborted' });
    expect(await readdir(join(folder, 'spool'))).toEqual([]);
  });

  test.each<[string, () => Buffer]>([
    ['gzip', () => gzipSync(tar(tarEntry('a', { content: Buffer.alloc(10_000_000) })))],
    [
      'gzip of what is no file',
      () =>
        gzipSync(
          Buffer.concat([
            tarEntry('a', { content: 'x' }),
            tarEntry('g', { type: 'g', content: Buffer.alloc(900_000) }),
            tarEntry('g', { type: 'g', content: Buffer.alloc(900_000) }),
          ]),
        ),
    ],
    ['zstd', () => zstdCompressSync(tar(tarEntry('a', { content: Buffer.alloc(10_000_000) })))],
    ['zip', () => zip({ name: 'a', content: Buffer.alloc(10_000_000) })],
    [
      'zip of many',
      () => zip(...Array.from({ length: 20 }, (_, i): ZipFile => ({ name: `${i}`, content: Buffer.alloc(100_000) }))),
    ],
    ['zip that says less', () => zip({ name: 'a', content: Buffer.alloc(10_000_000), says: { sizeBytes: 2 ** 31 } })],
  ])('that unpacks to too much: %s', async (_, archive) => {
    await expect(unpacked(archive(), '', 1_000_000)).rejects.toMatchObject({ code: 'resource_exhausted' });
    expect(await readdir(join(folder, 'spool'))).toEqual([]);
  });

  test('or taken, and nothing else, whatever bytes of it are changed', async () => {
    const archives = [
      tar(...simple),
      gzipSync(tar(...simple)),
      Buffer.concat([zstdCompressSync(Buffer.concat(simple)), zstdCompressSync(Buffer.alloc(1024))]),
      zip({ name: 'a/b', content: 'hello' }, { name: 'c', content: 'd', mode: 0o120777 }),
    ];
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...archives),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        async (archive, changes) => {
          const bytes = Buffer.from(archive);
          for (const [at, value] of changes) bytes[at % bytes.byteLength] = value;
          try {
            await unpacked(bytes);
          } catch (reason) {
            expect((reason as { code?: string }).code).toMatch(/^(aborted|resource_exhausted)$/);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  test('or has links that stay within it, whatever they are', async () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const target = fc
      .array(fc.constantFrom('a', 'b', 'c', '..', '.'), { minLength: 1, maxLength: 5 })
      .map((names) => names.join('/'));
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    let judged = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(path, target), { minLength: 1, maxLength: 5 }), async (links) => {
        const archive = tar(...links.map(([from, to]) => tarEntry(from, { type: '2', target: to })));
        const tree = await unpacked(archive).catch(() => undefined);
        if (tree === undefined) return;
        // The operating system is the judge: what it makes of each link is below the root, or nothing.
        const root = join(folder, systemRandom.hex(8), 'root');
        await mkdir(root, { recursive: true });
        for (const [from, to] of Object.entries(tree)) {
          if (from.endsWith('/')) continue;
          await mkdir(join(root, from, '..'), { recursive: true });
          await symlink(to.slice(3), join(root, from));
        }
        for (const from of Object.keys(tree)) {
          const resolved = resolvedBySystem(join(root, from));
          if (resolved !== undefined) expect(`${resolved}/`.startsWith(`${root}/`)).toBe(true);
          judged++;
        }
      }),
      { numRuns: 60 },
    );
    expect(judged).toBeGreaterThan(0);
  });
});

function resolvedBySystem(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined; // In circles, or to nothing.
  }
}
