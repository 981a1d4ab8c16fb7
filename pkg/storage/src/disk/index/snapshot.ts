import { crc32 } from 'node:zlib';
import type { DiskFile } from '@gorego/platform';
import { EntryIndex, shardCount } from './entry-index.ts';
import { EntryTable, entryWords } from './entry-table.ts';

/** What is known beside the entries. */
export interface SnapshotFacts {
  /** When it was taken. */
  readonly ticks: number;
  /** Up to where each segment's records are in the index, or have been forgotten. */
  readonly segmentEnds: ReadonlyMap<number, number>;
}

/**
 * The index in a file: the tables of its shards as they are in memory, then what is known beside them as JSON with the
 * place and checksum of each table, then how long that is, its CRC-32, and a magic number.
 *
 * Tables are written one after the other while the index goes on changing: whatever changed since it was begun is in
 * the journal that was begun with it.
 */
export const Snapshot = {
  /** Writes it all. The file is not synced. Returns its size. */
  async write(file: DiskFile, index: EntryIndex, facts: SnapshotFacts): Promise<number> {
    const tables: TableFacts[] = [];
    let position = 0;
    let copies = Buffer.allocUnsafeSlow(Math.min(gatherBytes, index.memoryBytes)); // One for all: a copy each would be as much as the index again.
    for (let shard = 0; shard < shardCount; ) {
      let filled = 0;
      for (; shard < shardCount; shard++) {
        const table = index.shard(shard);
        const bytes = table.count === 0 ? new Uint8Array() : bytesOf(table.words);
        if (filled > 0 && filled + bytes.byteLength > copies.byteLength) break;
        if (bytes.byteLength > copies.byteLength) copies = Buffer.allocUnsafeSlow(bytes.byteLength);
        copies.set(bytes, filled);
        filled += bytes.byteLength;
        tables.push([bytes.byteLength, bytes.byteLength === 0 ? 0 : crc32(bytes)]);
      }
      await file.write([copies.subarray(0, filled)], position);
      position += filled;
    }
    const trailer: Trailer = { ...facts, segmentEnds: Array.from(facts.segmentEnds), tables };
    const text = Buffer.from(JSON.stringify(trailer));
    const footer = Buffer.alloc(footerBytes);
    footer.writeUInt32LE(text.byteLength, 0);
    footer.writeUInt32LE(crc32(text), 4);
    footer.writeUInt32LE(magic, 8);
    footer.writeUInt32LE(version, 12);
    await file.write([text, footer], position);
    return position + text.byteLength + footerBytes;
  },

  /** What was written; undefined for anything damaged, or of another version. */
  async read(file: DiskFile): Promise<{ index: EntryIndex; facts: SnapshotFacts } | undefined> {
    const { sizeBytes } = await file.stat();
    const trailer = await readTrailer(file, sizeBytes);
    if (trailer === undefined) return undefined;
    const shards: EntryTable[] = [];
    const tables = new Tables(file);
    for (const [bytes, crc] of trailer.tables) {
      if (bytes === 0) {
        shards.push(new EntryTable());
        continue;
      }
      const words = new Uint32Array(bytes / 4);
      const isThere = await tables.next(bytesOf(words));
      if (!isThere || crc32(bytesOf(words)) !== crc) return undefined;
      shards.push(new EntryTable(words));
    }
    return { index: new EntryIndex(shards), facts: { ...trailer, segmentEnds: new Map(trailer.segmentEnds) } };
  },
} as const;

/** Small tables are written and read together, about this much at a time. */
const gatherBytes = 1024 * 1024;

/** Reads one table after the other. */
class Tables {
  readonly #file: DiskFile;
  readonly #ahead = Buffer.allocUnsafe(gatherBytes);
  #begin = 0;
  #end = 0;
  #position = 0;

  constructor(file: DiskFile) {
    this.#file = file;
  }

  /** Fills `into`; false if the file ends before. */
  async next(into: Uint8Array): Promise<boolean> {
    if (into.byteLength > this.#end - this.#begin) {
      this.#position -= this.#end - this.#begin;
      this.#begin = 0;
      this.#end = 0;
      if (into.byteLength > gatherBytes) {
        const count = await this.#file.read(into, this.#position);
        this.#position += count;
        return count === into.byteLength;
      }
      this.#end = await this.#file.read(this.#ahead, this.#position);
      this.#position += this.#end;
    }
    if (into.byteLength > this.#end) return false;
    into.set(this.#ahead.subarray(this.#begin, this.#begin + into.byteLength));
    this.#begin += into.byteLength;
    return true;
  }
}

type TableFacts = readonly [bytes: number, crc: number];

interface Trailer extends Omit<SnapshotFacts, 'segmentEnds'> {
  readonly segmentEnds: readonly (readonly [number, number])[];
  readonly tables: readonly TableFacts[];
}

const magic = 0x6764_6978;
const version = 1;
const footerBytes = 16;

async function readTrailer(file: DiskFile, sizeBytes: number): Promise<Trailer | undefined> {
  const footer = Buffer.alloc(footerBytes);
  if (sizeBytes < footerBytes || (await file.read(footer, sizeBytes - footerBytes)) < footerBytes) return undefined;
  const length = footer.readUInt32LE(0);
  if (footer.readUInt32LE(8) !== magic || footer.readUInt32LE(12) !== version) return undefined;
  if (length > sizeBytes - footerBytes) return undefined;
  const text = Buffer.alloc(length);
  await file.read(text, sizeBytes - footerBytes - length);
  if (crc32(text) !== footer.readUInt32LE(4)) return undefined;
  const trailer = JSON.parse(text.toString()) as Trailer;
  const isRight =
    trailer.tables.length === shardCount && trailer.tables.every(([bytes]) => bytes % (entryWords * 4) === 0);
  return isRight ? trailer : undefined;
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
