import { crc32 } from 'node:zlib';
import type { EntryIndex } from './entry-index.ts';
import { entryWords } from './entry-table.ts';
import type { Key } from './key.ts';

/** One change takes this many words: what it is, and the entry. */
const changeWords = 1 + entryWords;
const Change = { set: 1, forget: 2 } as const;

/** What a journal begins with: who wrote it. */
export const JournalHeader = {
  bytes: 16,

  /** `boot` tells one run of the machine from another. */
  encode(boot: string): Uint8Array {
    const words = new Uint32Array(4);
    words.set([fileMagic, version, crc32(boot), 0]);
    words[3] = crc32(bytesOf(words.subarray(0, 3)));
    return bytesOf(words);
  },

  /** Was it written since the machine was started? Undefined for what is no journal, or one of another version. */
  isOf(boot: string, journal: Uint8Array): boolean | undefined {
    if (journal.byteLength < JournalHeader.bytes) return undefined;
    const words = new Uint32Array(journal.buffer, journal.byteOffset, 4);
    const isRight = words[0] === fileMagic && words[1] === version;
    return isRight && crc32(bytesOf(words.subarray(0, 3))) === words[3] ? words[2] === crc32(boot) : undefined;
  },
} as const;

const fileMagic = 0x676a_6f30;
const version = 1;
const blockMagic = 0x676a_6f75;
const blockHeaderWords = 4;
const firstChanges = 16;

/**
 * Changes to the index on their way to the disk, gathered into a block: magic, ticks, words, CRC-32 of the words, and
 * the changes themselves. Each says how an entry is from then on, so that going through them twice does no harm.
 */
export class JournalBlock {
  #words = new Uint32Array(blockHeaderWords + firstChanges * changeWords);
  #length = blockHeaderWords;

  get isEmpty(): boolean {
    return this.#length === blockHeaderWords;
  }

  get bytes(): number {
    return this.#length * 4;
  }

  /** The entry is from now on as the index has it. */
  set(index: EntryIndex, key: Key): void {
    const at = this.#more();
    this.#words[at] = Change.set;
    index.copyOut(key, this.#words, at + 1);
  }

  /** There is no such entry from now on. */
  forget({ a, b, c, d }: Key): void {
    const at = this.#more();
    this.#words.set([Change.forget, a, b, c, d], at);
  }

  /** As it is written. Nothing may be added after it. */
  sealed(ticks: number): Uint8Array {
    const words = this.#words.subarray(0, this.#length);
    words[0] = blockMagic;
    words[1] = ticks;
    words[2] = this.#length - blockHeaderWords;
    words[3] = crc32(bytesOf(words.subarray(blockHeaderWords)));
    return bytesOf(words);
  }

  #more(): number {
    const at = this.#length;
    this.#length += changeWords;
    if (this.#length > this.#words.length) {
      const larger = new Uint32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    return at;
  }
}

/** What came out of going through a journal. */
export interface Replayed {
  /** How many bytes of it were right; what follows them was torn. */
  readonly bytes: number;
  /** When the last of it was written; 0 if there is none. */
  readonly ticks: number;
}

/**
 * Does to the index what a journal says, as far as it is right. `onSet` sees each entry that was set. The bytes begin
 * with a header, and at a multiple of four in their buffer.
 */
export function replay(
  journal: Uint8Array,
  index: EntryIndex,
  onSet: (words: Uint32Array, at: number) => void,
): Replayed {
  const words = new Uint32Array(journal.buffer, journal.byteOffset, Math.floor(journal.byteLength / 4));
  let at = JournalHeader.bytes / 4;
  let ticks = 0;
  while (at + blockHeaderWords <= words.length) {
    const length = words[at + 2] as number;
    const end = at + blockHeaderWords + length;
    if (words[at] !== blockMagic || end > words.length || length % changeWords !== 0) break;
    if (crc32(bytesOf(words.subarray(at + blockHeaderWords, end))) !== words[at + 3]) break;
    ticks = words[at + 1] as number;
    for (let change = at + blockHeaderWords; change < end; change += changeWords) {
      if (words[change] === Change.set) {
        index.copyIn(words, change + 1);
        onSet(words, change + 1);
      } else {
        const [a, b, c, d] = words.subarray(change + 1, change + 5) as unknown as [number, number, number, number];
        index.delete({ a, b, c, d });
      }
    }
    at = end;
  }
  return { bytes: at * 4, ticks };
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
