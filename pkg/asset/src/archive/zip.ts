import { crc32, createInflateRaw } from 'node:zlib';
import type { Spooled } from '../spool.ts';
import { type ArchiveEntry, badArchive, textOf } from './archive-entry.ts';
import { through } from './through.ts';

/** What lists the entries, held in memory: about 100 bytes for each. */
const directoryBytesMax = 64 * 1024 * 1024;
const readBytes = 256 * 1024;
/** A link's target, which is what a link contains. */
const targetBytesMax = 4096;

/**
 * The entries of a zip, ZIP64 included, by its central directory (PKWARE's APPNOTE 4.3). Stored and deflated ones; not
 * encrypted ones. Lengths and CRCs must be as announced.
 */
export async function* zipEntries(archive: Spooled): AsyncGenerator<ArchiveEntry> {
  const { offset, sizeBytes, count } = await directoryOf(archive);
  if (sizeBytes > directoryBytesMax) throw badArchive(`lists its entries in ${sizeBytes} bytes`);
  const directory = Buffer.from(await archive.read(offset, sizeBytes));
  let at = 0;
  for (let i = 0; i < count; i++) {
    const { record, next } = parseRecord(directory, at);
    at = next;
    yield await entryOf(archive, record);
  }
}

interface DirectoryPlace {
  readonly offset: number;
  readonly sizeBytes: number;
  readonly count: number;
}

/** The end of a zip says where the directory is; before it, there may be the same with larger numbers. */
async function directoryOf(archive: Spooled): Promise<DirectoryPlace> {
  const tailAt = Math.max(0, archive.sizeBytes - 22 - 0xffff);
  const tail = Buffer.from(await archive.read(tailAt, 22 + 0xffff));
  const end = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0 || end + 22 > tail.byteLength) throw badArchive('is a zip without an end');
  const small = {
    count: tail.readUInt16LE(end + 10),
    sizeBytes: tail.readUInt32LE(end + 12),
    offset: tail.readUInt32LE(end + 16),
  };
  const place = (await largeDirectoryOf(archive, tail, end)) ?? small;
  if (place.offset + place.sizeBytes > archive.sizeBytes) throw badArchive('is a zip whose directory is not in it');
  return place;
}

async function largeDirectoryOf(archive: Spooled, tail: Buffer, end: number): Promise<DirectoryPlace | undefined> {
  const locator = end - 20;
  if (locator < 0 || tail.readUInt32LE(locator) !== 0x07064b50) return undefined;
  const record = Buffer.from(await archive.read(safe(tail.readBigUInt64LE(locator + 8)), 56));
  if (record.byteLength < 56 || record.readUInt32LE(0) !== 0x06064b50) throw badArchive('is a ZIP64 without an end');
  return {
    count: safe(record.readBigUInt64LE(32)),
    sizeBytes: safe(record.readBigUInt64LE(40)),
    offset: safe(record.readBigUInt64LE(48)),
  };
}

interface Record {
  readonly path: string;
  readonly method: number;
  readonly flags: number;
  readonly crc: number;
  readonly storedBytes: number;
  readonly sizeBytes: number;
  readonly offset: number;
  /** As `stat` has it; 0 where the writer did not know. */
  readonly mode: number;
}

function parseRecord(directory: Buffer, at: number): { record: Record; next: number } {
  if (at + 46 > directory.byteLength || directory.readUInt32LE(at) !== 0x02014b50) {
    throw badArchive('is a zip with a malformed directory');
  }
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((i) => directory.readUInt16LE(at + i)) as [
    number,
    number,
    number,
  ];
  const extraAt = at + 46 + nameLength;
  const next = extraAt + extraLength + commentLength;
  if (next > directory.byteLength) throw badArchive('is a zip with a malformed directory');
  const path = textOf(directory.subarray(at + 46, extraAt));
  const [storedBytes, sizeBytes, offset] = [
    directory.readUInt32LE(at + 20),
    directory.readUInt32LE(at + 24),
    directory.readUInt32LE(at + 42),
  ];
  const madeBy = directory.readUInt8(at + 5);
  return {
    next,
    record: {
      path,
      flags: directory.readUInt16LE(at + 8),
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      mode: madeBy === 3 || madeBy === 19 ? directory.readUInt16LE(at + 40) : 0, // Unix, macOS.
      ...large(directory.subarray(extraAt, extraAt + extraLength), { sizeBytes, storedBytes, offset }),
    },
  };
}

type Numbers = Pick<Record, 'sizeBytes' | 'storedBytes' | 'offset'>;

/** Numbers that don't fit are in the ZIP64 field, those alone, in this order. */
function large(extra: Buffer, small: Numbers): Numbers {
  const numbers = { ...small };
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let field = at + 4;
    for (const name of ['sizeBytes', 'storedBytes', 'offset'] as const) {
      if (numbers[name] !== 0xffffffff) continue;
      if (field + 8 > extra.byteLength) throw badArchive('is a ZIP64 with a malformed entry');
      numbers[name] = safe(extra.readBigUInt64LE(field));
      field += 8;
    }
  }
  return numbers;
}

async function entryOf(archive: Spooled, record: Record): Promise<ArchiveEntry> {
  const { path, mode } = record;
  // A name that another system would read as a way out is not for any system.
  if (path.includes('\\')) throw badArchive(`has ${JSON.stringify(path.slice(0, 200))}, a name with a backslash`);
  if (path.endsWith('/')) return { kind: 'directory', path };
  switch (mode & 0o170000) {
    case 0o120000: {
      if (record.sizeBytes > targetBytesMax)
        throw badArchive(`has ${JSON.stringify(path.slice(0, 200))}, a link to a place too long`);
      const pieces: Uint8Array[] = [];
      for await (const piece of contentOf(archive, record)) pieces.push(piece);
      return { kind: 'symlink', path, target: textOf(Buffer.concat(pieces)) };
    }
    case 0:
    case 0o100000:
      return { kind: 'file', path, isExecutable: (mode & 0o111) !== 0, content: contentOf(archive, record) };
    default:
      throw badArchive(`has ${JSON.stringify(path.slice(0, 200))}, which is no file, directory or link`);
  }
}

async function* contentOf(archive: Spooled, { path, flags, method, ...record }: Record): AsyncGenerator<Uint8Array> {
  const what = JSON.stringify(path.slice(0, 200));
  if ((flags & 1) !== 0) throw badArchive(`has ${what} encrypted`);
  if (method !== 0 && method !== 8) throw badArchive(`has ${what} compressed by method ${method}`);
  const header = Buffer.from(await archive.read(record.offset, 30));
  if (header.byteLength < 30 || header.readUInt32LE(0) !== 0x04034b50)
    throw badArchive(`has not ${what} where it says`);
  const start = record.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + record.storedBytes > archive.sizeBytes) throw badArchive('ends in the middle');
  const stored = storedChunks(archive, start, record.storedBytes);
  let crc = 0;
  let sizeBytes = 0;
  for await (const piece of method === 0 ? stored : through(stored, createInflateRaw())) {
    sizeBytes += piece.byteLength;
    if (sizeBytes > record.sizeBytes) break;
    crc = crc32(piece, crc);
    yield piece;
  }
  if (sizeBytes !== record.sizeBytes) throw badArchive(`has ${what} with another size than it says`);
  if (crc !== record.crc) throw badArchive(`has ${what} with a wrong checksum`);
}

async function* storedChunks(archive: Spooled, start: number, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < sizeBytes; at += readBytes)
    yield await archive.read(start + at, Math.min(readBytes, sizeBytes - at));
}

function safe(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw badArchive('has a size beyond 2^53');
  return Number(value);
}
