import assert from 'node:assert/strict';
import { EntryTable, entryWords, Flag, field, identityShift, worthShift } from './entry-table.ts';
import type { HalfKey, Key } from './key.ts';

const kindMask = Flag.blob | Flag.action | Flag.packed | Flag.worth;
const flagMask = 0xff;
const packedBlock = 4096;

/** Shards by the first byte of the key: what is done to all entries is done to a shard at a time. */
export const shardCount = 256;

/** What the index knows of one blob or action result. A copy. */
export interface Entry {
  readonly kind: 'blob' | 'action';
  readonly sizeBytes: number;
  /** 0 is a file of its own. */
  readonly segment: number;
  readonly offset: number;
  /** Ticks. */
  readonly used: number;
  readonly isVerified: boolean;
  readonly isSuspect: boolean;
  /** Of the file whose bytes were verified, 24 bits. */
  readonly identity: number;
  /** What a packed blob takes: its record's body, or its file, in whole blocks; undefined for one as it is. */
  readonly packedBytes: number | undefined;
}

/** An entry on its way in. */
export interface NewEntry {
  readonly kind: 'blob' | 'action';
  readonly sizeBytes: number;
  readonly segment: number;
  readonly offset: number;
  readonly used: number;
  readonly isVerified?: boolean;
  readonly isSuspect?: boolean;
  readonly identity?: number;
  /** Less than 16 MiB in a segment, 64 GiB in a file. */
  readonly packedBytes?: number | undefined;
}

/** Everything the store holds, in about 50 bytes each, by 128-bit keys. */
export class EntryIndex {
  readonly #shards: readonly EntryTable[];

  constructor(shards: readonly EntryTable[] = []) {
    this.#shards = Array.from({ length: shardCount }, (_, i) => shards[i] ?? new EntryTable());
  }

  get count(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.count, 0);
  }

  /** Bytes of memory, all places included. */
  get memoryBytes(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.words.byteLength, 0);
  }

  get(key: Key): Entry | undefined {
    const shard = this.#shardOf(key);
    const at = shard.find(key);
    return at < 0 ? undefined : entryAt(shard.words, at);
  }

  /**
   * Is a blob of that size here? Then it has been used now. Says when a file was used before, in ticks; 0 for what is in
   * a segment, -1 for what isn't here. A file that was not used since `since` is left as it is.
   */
  touchBlob(key: Key, sizeBytes: number, used: number, since = 0): number {
    const shard = this.#shardOf(key);
    const at = shard.find(key);
    if (at < 0) return -1;
    const { words } = shard;
    const flags = words[at + field.flags] as number;
    if ((flags & (Flag.blob | Flag.suspect)) !== Flag.blob || sizeOf(words, at) !== sizeBytes) return -1;
    const before = words[at + field.segment] === 0 ? (words[at + field.used] as number) : 0;
    if (before === 0 || before >= since) words[at + field.used] = used;
    return before;
  }

  /** It has been used now. */
  touch(key: Key, used: number): void {
    const shard = this.#shardOf(key);
    const at = shard.find(key);
    if (at >= 0) shard.words[at + field.used] = used;
  }

  /** What begins like that has been used now. */
  touchHalf(key: HalfKey, used: number): void {
    const shard = this.#shardOf(key);
    const at = shard.findHalf(key);
    if (at >= 0) shard.words[at + field.used] = used;
  }

  /** The class of worth it was given; 0 if none, or if it isn't here. */
  worth(key: Key): number {
    const shard = this.#shardOf(key);
    const at = shard.find(key);
    return at < 0 ? 0 : worthAt(shard.words, at);
  }

  /** It is worth that class, unless it is worth more, and has been used now. */
  appraise(key: Key, worth: number, used: number): void {
    const shard = this.#shardOf(key);
    const at = shard.find(key);
    if (at < 0) return;
    const { words } = shard;
    words[at + field.used] = used;
    if (worth <= worthAt(words, at)) return;
    words[at + field.flags] = ((words[at + field.flags] as number) & ~Flag.worth) | (worth << worthShift);
  }

  /** Its bytes were hashed, and right; they are in a file of that identity, if they are in one. */
  verify(key: Key, identity = 0): void {
    const shard = this.#shardOf(key);
    const at = shard.find(key);
    if (at < 0) return;
    const flags = shard.words[at + field.flags] as number;
    const isInFile = shard.words[at + field.segment] === 0;
    const kept = flags & (isInFile ? kindMask : kindMask | ~flagMask);
    shard.words[at + field.flags] = kept | Flag.verified | (identity << identityShift);
  }

  /** Its bytes must be hashed again before they leave. */
  doubt(key: Key): void {
    const shard = this.#shardOf(key);
    const at = shard.find(key);
    if (at >= 0) shard.words[at + field.flags] = (shard.words[at + field.flags] as number) & ~Flag.verified;
  }

  /** Replaces what was known of the key; returns it. */
  set(key: Key, entry: NewEntry): Entry | undefined {
    assert(Number.isSafeInteger(entry.sizeBytes) && entry.sizeBytes >= 0 && entry.sizeBytes < 2 ** 52);
    const shard = this.#shardOf(key);
    const before = this.get(key);
    const at = shard.place(key);
    const { words } = shard;
    words[at + field.size] = entry.sizeBytes;
    words[at + field.segment] = entry.segment;
    words[at + field.offset] = entry.segment === 0 ? fileWord(entry) : entry.offset;
    words[at + field.used] = entry.used;
    words[at + field.flags] =
      ((words[at + field.flags] as number) & Flag.worth) | // Its bytes may be elsewhere now; they are the same.
      (entry.kind === 'blob' ? Flag.blob : Flag.action) |
      (entry.isVerified === true ? Flag.verified : 0) |
      (entry.isSuspect === true ? Flag.suspect : 0) |
      (entry.packedBytes === undefined ? 0 : Flag.packed) |
      ((entry.segment === 0 ? (entry.identity ?? 0) : (entry.packedBytes ?? 0)) << identityShift);
    return before;
  }

  /** Copies an entry's words to where they are wanted. The key must be here. */
  copyOut(key: Key, into: Uint32Array, at: number): void {
    const shard = this.#shardOf(key);
    const place = shard.find(key);
    assert(place >= 0);
    for (let i = 0; i < entryWords; i++) into[at + i] = shard.words[place + i] as number;
  }

  /** Takes an entry as `copyOut` gave it. */
  copyIn(words: Uint32Array, at: number): void {
    const shard = this.#shardOf(keyAt(words, at));
    const place = shard.place(keyAt(words, at));
    for (let i = field.size; i < entryWords; i++) shard.words[place + i] = words[at + i] as number;
    shard.words[place + field.flags] = (shard.words[place + field.flags] as number) & ~Flag.verified;
  }

  /** Forgets the key; returns what was known of it. */
  delete(key: Key): Entry | undefined {
    const shard = this.#shardOf(key);
    const at = shard.find(key);
    if (at < 0) return undefined;
    const entry = entryAt(shard.words, at);
    shard.remove(at);
    return entry;
  }

  shard(number: number): EntryTable {
    return this.#shards[number] as EntryTable;
  }

  /** What was used since then is suspect from now on. */
  suspectSince(ticks: number): number {
    let count = 0;
    for (const { words } of this.#shards) {
      for (let at = 0; at < words.length; at += entryWords) {
        if (words[at + field.flags] === 0 || (words[at + field.used] as number) < ticks) continue;
        words[at + field.flags] = (words[at + field.flags] as number) | Flag.suspect;
        count++;
      }
    }
    return count;
  }

  /** Those entries of a shard, as they are now, whose words `isWanted` says yes to. Costs nothing for the others. */
  entries(shard: number, isWanted: (words: Uint32Array, at: number) => boolean): [Key, Entry][] {
    const { words } = this.shard(shard);
    const wanted: [Key, Entry][] = [];
    for (let at = 0; at < words.length; at += entryWords) {
      if (words[at + field.flags] !== 0 && isWanted(words, at)) wanted.push([keyAt(words, at), entryAt(words, at)]);
    }
    return wanted;
  }

  #shardOf(key: HalfKey): EntryTable {
    return this.#shards[key.a >>> 24] as EntryTable;
  }
}

export function keyAt(words: Uint32Array, at: number): Key {
  return {
    a: words[at] as number,
    b: words[at + 1] as number,
    c: words[at + 2] as number,
    d: words[at + 3] as number,
  };
}

/** The high bits of a file's size, and its blocks if it is packed. */
function fileWord({ sizeBytes, packedBytes }: NewEntry): number {
  const high = Math.floor(sizeBytes / 2 ** 32);
  return packedBytes === undefined ? high : (high & 0xff) | (Math.ceil(packedBytes / packedBlock) << 8);
}

/** The class of worth that an entry was given, 0 if none. */
export function worthAt(words: Uint32Array, at: number): number {
  return ((words[at + field.flags] as number) & Flag.worth) >>> worthShift;
}

export function sizeOf(words: Uint32Array, at: number): number {
  const low = words[at + field.size] as number;
  if (words[at + field.segment] !== 0) return low;
  const isPacked = ((words[at + field.flags] as number) & Flag.packed) !== 0;
  const high = words[at + field.offset] as number;
  return low + (isPacked ? high & 0xff : high) * 2 ** 32;
}

/** What its bytes take as they are written down; a packed file's in whole blocks. */
export function storedBytesAt(words: Uint32Array, at: number): number {
  const flags = words[at + field.flags] as number;
  if ((flags & Flag.packed) === 0) return sizeOf(words, at);
  return words[at + field.segment] === 0
    ? ((words[at + field.offset] as number) >>> 8) * packedBlock
    : flags >>> identityShift;
}

export function entryAt(words: Uint32Array, at: number): Entry {
  const flags = words[at + field.flags] as number;
  const segment = words[at + field.segment] as number;
  return {
    kind: (flags & Flag.blob) !== 0 ? 'blob' : 'action',
    sizeBytes: sizeOf(words, at),
    segment,
    offset: segment === 0 ? 0 : (words[at + field.offset] as number),
    used: words[at + field.used] as number,
    isVerified: (flags & Flag.verified) !== 0,
    isSuspect: (flags & Flag.suspect) !== 0,
    identity: segment === 0 ? flags >>> identityShift : 0,
    packedBytes: (flags & Flag.packed) === 0 ? undefined : storedBytesAt(words, at),
  };
}
