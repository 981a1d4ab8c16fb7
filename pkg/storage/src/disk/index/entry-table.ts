import type { HalfKey, Key } from './key.ts';

/** 32-bit words of an entry, and what each holds. */
export const entryWords = 9;
export const field = {
  /** The key, four words. */
  key: 0,
  /** The low 32 bits of the size in bytes. */
  size: 4,
  /** The segment that holds the record; 0 for a file of its own. */
  segment: 5,
  /** Where in the segment the record begins; for a file, the high bits of its size, and if it is packed, its blocks from bit 8 on. */
  offset: 6,
  /** When it was last used, ticks. */
  used: 7,
  /**
   * What it is, and what is known of it: eight bits of Flag, and 24 of the file's identity, or of how long a packed record's
   * body is. Never 0: that is how an empty place looks.
   */
  flags: 8,
} as const;

/** Where in the flags a file's identity begins. */
export const identityShift = 8;

export const Flag = {
  blob: 1,
  action: 2,
  /** Its bytes have been hashed since the start. */
  verified: 4,
  /** It was written shortly before the power went, and has not been looked at since. */
  suspect: 8,
  /** Its bytes are compressed. */
  packed: 16,
  /** Three bits: what it is worth to keep, from 0 to 7. */
  worth: 224,
} as const;

/** Where in the flags the worth begins. */
export const worthShift = 5;

/** A shard is rehashed when it is fuller than this, and then grows by a quarter: 42 to 53 bytes for an entry. */
const fullest = 0.85;
const growth = 1.25;
const smallest = 8;
/** The place of all tables that hold nothing: whoever puts something in gets one of its own. */
const nothing = new Uint32Array(entryWords);

/**
 * One shard of the index: a hash table in one flat array, entries side by side, found by linear probing. Removing closes
 * the gap, so that there are no tombstones. Places of entries are good until the next change.
 */
export class EntryTable {
  #words: Uint32Array;
  #capacity: number;
  #count = 0;

  /** Of entries as another table had them, or of none. */
  constructor(words: Uint32Array = nothing) {
    this.#words = words;
    this.#capacity = words.length / entryWords;
    for (let at = field.flags; at < words.length; at += entryWords) {
      if (words[at] === 0) continue;
      this.#count++;
      words[at] = (words[at] as number) & ~Flag.verified; // Nobody knows what happened to the bytes since.
    }
  }

  get count(): number {
    return this.#count;
  }

  /** All places, empty ones included: `words[place + field.flags] === 0` is an empty one. Good until the next change. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** Where the entry of `key` is; -1 if there is none. */
  find(key: Key): number {
    const words = this.#words;
    const end = words.length;
    for (let at = this.#home(key.b); ; ) {
      if (words[at + field.flags] === 0) return -1;
      if (words[at + 3] === key.d && words[at + 2] === key.c && words[at + 1] === key.b && words[at] === key.a)
        return at;
      at += entryWords;
      if (at === end) at = 0;
    }
  }

  /** Where an entry is whose key begins like that; -1 if there is none. */
  findHalf({ a, b }: HalfKey): number {
    const words = this.#words;
    for (let at = this.#home(b); words[at + field.flags] !== 0; ) {
      if (words[at + 1] === b && words[at] === a) return at;
      at += entryWords;
      if (at === words.length) at = 0;
    }
    return -1;
  }

  /** Where the entry of `key` is, made now if there was none. It is for the caller to fill: flags above all. */
  place(key: Key): number {
    const found = this.find(key);
    if (found >= 0) return found;
    if (this.#count + 1 > this.#capacity * fullest) this.#grow();
    const at = this.#free(key.b);
    const words = this.#words;
    words[at] = key.a;
    words[at + 1] = key.b;
    words[at + 2] = key.c;
    words[at + 3] = key.d;
    words.fill(0, at + field.size, at + entryWords);
    this.#count++;
    return at;
  }

  /** Removes the entry at a place, and moves up those that were there only because it was in their way. */
  remove(place: number): void {
    const words = this.#words;
    const end = words.length;
    let gap = place;
    for (let at = place; ; ) {
      at += entryWords;
      if (at === end) at = 0;
      if (words[at + field.flags] === 0) break;
      const home = this.#home(words[at + 1] as number);
      const isReachable = gap <= at ? home <= gap || home > at : home <= gap && home > at;
      if (!isReachable) continue;
      words.copyWithin(gap, at, at + entryWords);
      gap = at;
    }
    words.fill(0, gap, gap + entryWords);
    this.#count--;
  }

  #home(word: number): number {
    return Math.floor((word / 0x100000000) * this.#capacity) * entryWords;
  }

  #free(word: number): number {
    const words = this.#words;
    let at = this.#home(word);
    while (words[at + field.flags] !== 0) {
      at += entryWords;
      if (at === words.length) at = 0;
    }
    return at;
  }

  #grow(): void {
    const old = this.#words;
    this.#capacity = Math.ceil(this.#capacity * growth) + smallest;
    this.#words = new Uint32Array(this.#capacity * entryWords);
    for (let at = 0; at < old.length; at += entryWords) {
      if (old[at + field.flags] === 0) continue;
      const place = this.#free(old[at + 1] as number);
      for (let i = 0; i < entryWords; i++) this.#words[place + i] = old[at + i] as number; // A view would cost more than this.
    }
  }
}
