import { type ArchiveEntry, badArchive, textOf } from './archive-entry.ts';
import { ByteSource } from './byte-source.ts';

const blockBytes = 512;

/** What stands before an entry to say more of it (long names, pax records). Nearly all are below 1 KiB. */
const extraBytesMax = 1024 * 1024;

/**
 * The entries of a tar in any of its three formats (POSIX.1-1988 ustar, POSIX.1-2001 pax, GNU). Refused are devices,
 * sparse files and what is no tar.
 */
export async function* tarEntries(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ArchiveEntry> {
  await using source = new ByteSource(chunks);
  let extra: Extra = {};
  for (;;) {
    const block = await source.read(blockBytes);
    if (block === undefined || block.every((byte) => byte === 0)) return; // Some writers leave the last blocks out.
    const header = parseHeader(block);
    if (isExtra(header.type)) {
      extra = { ...extra, ...(await readExtra(source, header)) };
      continue;
    }
    const content = new Content(source, hasContent(header.type) ? (extra.size ?? header.size) : 0);
    const entry = entryOf(header, extra, content);
    extra = {};
    if (entry !== undefined) yield entry;
    await content.pass();
  }
}

/** The bytes behind a header, padded to whole blocks, of which somebody has read what they wanted. */
class Content implements AsyncIterable<Uint8Array> {
  readonly #source: ByteSource;
  readonly #sizeBytes: number;
  #read = 0;

  constructor(source: ByteSource, sizeBytes: number) {
    this.#source = source;
    this.#sizeBytes = sizeBytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#source.stream(this.#sizeBytes - this.#read)) {
      this.#read += piece.byteLength;
      yield piece;
    }
  }

  async pass(): Promise<void> {
    const whole = Math.ceil(this.#sizeBytes / blockBytes) * blockBytes;
    for await (const _piece of this.#source.stream(whole - this.#read));
  }
}

interface Header {
  readonly path: Uint8Array;
  readonly target: Uint8Array;
  readonly mode: number;
  readonly size: number;
  readonly type: string;
}

/** What replaces fields of the next header. */
interface Extra {
  readonly path?: string;
  readonly target?: string;
  readonly size?: number;
}

function parseHeader(block: Buffer): Header {
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (sum !== number(block.subarray(148, 156))) throw badArchive('has a header whose checksum is wrong');
  const type = String.fromCharCode(block[156] ?? 0);
  const name = upToNul(block.subarray(0, 100));
  // GNU's own format has other things where POSIX has the beginning of a long path.
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? upToNul(block.subarray(345, 500)) : Buffer.alloc(0);
  return {
    path: prefix.byteLength === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]),
    target: upToNul(block.subarray(157, 257)),
    mode: number(block.subarray(100, 108)),
    size: number(block.subarray(124, 136)),
    type,
  };
}

/** Links, devices and directories have nothing behind them, whatever size they say. */
function hasContent(type: string): boolean {
  return !'123456'.includes(type);
}

function isExtra(type: string): boolean {
  return 'xgLKV'.includes(type);
}

async function readExtra(source: ByteSource, { type, size }: Header): Promise<Extra> {
  if (size > extraBytesMax) throw badArchive(`has ${size} bytes about one entry`);
  const content = new Content(source, size);
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  await content.pass();
  const bytes = Buffer.concat(pieces);
  switch (type) {
    case 'L':
      return { path: textOf(upToNul(bytes)) };
    case 'K':
      return { target: textOf(upToNul(bytes)) };
    case 'x':
      return paxRecords(bytes);
    default:
      return {}; // Of all entries (a comment, mostly), or the name of a volume.
  }
}

/** Records of `LENGTH KEY=VALUE\n`, where the length counts itself. */
function paxRecords(bytes: Buffer): Extra {
  const extra: { path?: string; target?: string; size?: number } = {};
  for (let at = 0; at < bytes.byteLength; ) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(bytes.toString('latin1', at, space));
    const equals = bytes.indexOf(0x3d, space);
    const end = at + length;
    if (
      !Number.isSafeInteger(length) ||
      equals < 0 ||
      equals >= end ||
      end > bytes.byteLength ||
      bytes[end - 1] !== 0x0a
    ) {
      throw badArchive('has a malformed pax header');
    }
    const key = bytes.toString('latin1', space + 1, equals);
    const value = bytes.subarray(equals + 1, end - 1);
    if (key === 'path') extra.path = textOf(value);
    else if (key === 'linkpath') extra.target = textOf(value);
    else if (key === 'size') extra.size = decimal(value);
    else if (key.startsWith('GNU.sparse.')) throw badArchive('has a sparse file');
    at = end;
  }
  return extra;
}

function entryOf(header: Header, extra: Extra, content: Content): ArchiveEntry | undefined {
  const path = extra.path ?? textOf(header.path);
  const target = (): string => extra.target ?? textOf(header.target);
  switch (header.type) {
    case '\0':
    case '0':
    case '7':
      if (path.endsWith('/')) return { kind: 'directory', path }; // As before there was a type for it.
      return { kind: 'file', path, isExecutable: (header.mode & 0o111) !== 0, content };
    case '1':
      return { kind: 'link', path, target: target() };
    case '2':
      return { kind: 'symlink', path, target: target() };
    case '5':
      return { kind: 'directory', path };
    default:
      throw badArchive(
        `has ${JSON.stringify(path.slice(0, 200))}, which is no file, directory or link (type ${JSON.stringify(header.type)})`,
      );
  }
}

/** Octal digits; or, where they don't suffice, binary with the highest bit set. */
function number(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) !== 0) {
    const value = field.reduce((total, byte, i) => total * 256 + (i === 0 ? byte & 0x7f : byte), 0);
    if (!Number.isSafeInteger(value)) throw badArchive('has a size beyond 2^53');
    return value;
  }
  const digits = upToNul(field).toString('latin1').trim();
  if (!/^[0-7]*$/.test(digits)) throw badArchive(`is no tar: ${JSON.stringify(digits)} is no octal number`);
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function decimal(value: Buffer): number {
  const size = Number(value.toString('latin1'));
  if (!Number.isSafeInteger(size) || size < 0) throw badArchive('has a size that is no number');
  return size;
}

function upToNul(field: Buffer): Buffer {
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}
