import { createGunzip } from 'node:zlib';
import type { Codec } from '@gorego/compression';
import { Failure } from '@gorego/errors';
import { OriginFailure } from '../origin/origin-failure.ts';
import type { Spooled } from '../spool.ts';
import { type ArchiveEntry, badArchive } from './archive-entry.ts';
import { tarEntries } from './tar.ts';
import { through } from './through.ts';
import { zipEntries } from './zip.ts';

/** Beginnings by which formats are known. Names and media types lie; these don't. */
const magics: readonly { readonly format: Format; readonly at: number; readonly bytes: Buffer }[] = [
  { format: 'gzip', at: 0, bytes: Buffer.of(0x1f, 0x8b) },
  { format: 'zstd', at: 0, bytes: Buffer.of(0x28, 0xb5, 0x2f, 0xfd) },
  { format: 'zip', at: 0, bytes: Buffer.from('PK\x03\x04', 'latin1') },
  { format: 'zip', at: 0, bytes: Buffer.from('PK\x05\x06', 'latin1') },
  { format: 'xz', at: 0, bytes: Buffer.from('\xfd7zXZ\0', 'latin1') },
  { format: 'bzip2', at: 0, bytes: Buffer.from('BZh') },
  { format: 'tar', at: 257, bytes: Buffer.from('ustar') },
];
type Format = 'gzip' | 'zstd' | 'zip' | 'xz' | 'bzip2' | 'tar';

/** The entries of a zip or a tar, the latter plain or compressed by gzip or, in any number of frames, by `zstd`. */
export async function archiveEntries(
  archive: Spooled,
  bytesMax: number,
  zstd: Codec,
): Promise<AsyncIterable<ArchiveEntry>> {
  const format = await formatOf(archive);
  switch (format) {
    case 'zip':
      return zipEntries(archive);
    case 'tar':
      return tarEntries(archive.open());
    case 'gzip':
      return tarEntries(bounded(through(archive.open(), createGunzip()), bytesMax));
    case 'zstd':
      return tarEntries(bounded(unzstd(archive.open(), zstd), bytesMax));
    case 'xz':
    case 'bzip2':
      throw badArchive(`is compressed by ${format}, which is not unpacked here (gzip and zstd are)`);
    case undefined:
      throw badArchive('is neither a tar nor a zip');
    default:
      return format satisfies never;
  }
}

async function formatOf(archive: Spooled): Promise<Format | undefined> {
  const head = Buffer.from(await archive.read(0, 512));
  return magics.find(({ at, bytes }) => head.subarray(at, at + bytes.byteLength).equals(bytes))?.format;
}

async function* unzstd(chunks: AsyncIterable<Uint8Array>, zstd: Codec): AsyncGenerator<Uint8Array> {
  try {
    yield* zstd.decompress(chunks, { bytesMax: Number.POSITIVE_INFINITY, code: 'aborted' });
  } catch (reason) {
    if (!(reason instanceof Failure) || reason instanceof OriginFailure || reason.code !== 'aborted') throw reason;
    throw badArchive(`can't be decompressed: ${reason.message}`, reason);
  }
}

async function* bounded(chunks: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.byteLength;
    if (total > bytesMax) throw tooLarge(bytesMax);
    yield chunk;
  }
}

export function tooLarge(bytesMax: number): OriginFailure {
  return new OriginFailure(
    'resource_exhausted',
    `the archive unpacks to more than the ${bytesMax} bytes that remote_asset.max_size allows`,
  );
}
