import assert from 'node:assert/strict';
import { Digest, type DigestFunctionName, digestFunctions, hexDigitOf } from '@gorego/digest';
import { Key, type WritableKey } from './disk/index/key.ts';

/** What is kept of each blob: 32-bit words. */
const wordsEach = 7;
const word = { size: 4, textAt: 5, mark: 6 } as const;

/** What is said of a blob on a list: nothing for certain, or whether it is here. */
export const Mark = { none: 0, here: 1, absent: 2 } as const;
export type Mark = (typeof Mark)[keyof typeof Mark];

/**
 * Many blobs that are asked for at once, to be marked as here or absent. Of each it has the numbers that an index looks for
 * instead of a Digest: clients ask for blobs by the thousand, and with Digests in Sets a question took 1300 ns for each, of
 * which 170 are left.
 */
export class Checklist {
  readonly #functionName: DigestFunctionName;
  readonly #hexLength: number;
  readonly #salt: number;
  readonly #text: Buffer;
  readonly #words: Uint32Array;
  #count = 0;

  /** Of blobs whose hashes, each by that function, are in `text`: it is neither copied nor may it change. */
  constructor(functionName: DigestFunctionName, text: Buffer) {
    this.#functionName = functionName;
    this.#hexLength = digestFunctions[functionName].hexLength;
    this.#salt = Key.saltOf(functionName);
    this.#text = text;
    this.#words = new Uint32Array(Math.floor(text.byteLength / this.#hexLength) * wordsEach);
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Adds the blob of that size, in bytes, whose hash begins at `textAt` and overlaps none that was added. False if there is
   * none in lower-case hex: then nothing is added. The empty blob is for no list, nor is one of 4 GiB or more.
   */
  add(textAt: number, sizeBytes: number): boolean {
    const end = textAt + this.#hexLength;
    assert(end <= this.#text.byteLength && sizeBytes > 0 && sizeBytes < 2 ** 32);
    const at = this.#count * wordsEach;
    const text = this.#text;
    const words = this.#words;
    let digits = 0; // Negative once there was one that is none: to ask each would take longer.
    let from = textAt;
    for (let i = at; i < at + word.size; i++) {
      let value = 0;
      for (const to = from + 8; from < to; from++) {
        const digit = hexDigitOf[text[from] as number] as number;
        value = (value << 4) | digit;
        digits |= digit;
      }
      words[i] = value;
    }
    for (; from < end; from++) digits |= hexDigitOf[text[from] as number] as number;
    if (digits < 0) return false;
    words[at + 3] = (words[at + 3] as number) ^ this.#salt;
    words[at + word.size] = sizeBytes;
    words[at + word.textAt] = textAt;
    words[at + word.mark] = Mark.none;
    this.#count++;
    return true;
  }

  /** Where the hash of blob `i`, by the order in which they were added, begins. */
  textAt(i: number): number {
    return this.#words[i * wordsEach + word.textAt] as number;
  }

  sizeBytes(i: number): number {
    return this.#words[i * wordsEach + word.size] as number;
  }

  digest(i: number): Digest {
    const at = this.textAt(i);
    return Digest.of(this.#functionName, this.#text.toString('latin1', at, at + this.#hexLength), this.sizeBytes(i));
  }

  /** Writes the key of blob `i` into `key`: one of its own for each would be most of the garbage of a question. */
  readKey(i: number, key: WritableKey): void {
    const at = i * wordsEach;
    key.a = this.#words[at] as number;
    key.b = this.#words[at + 1] as number;
    key.c = this.#words[at + 2] as number;
    key.d = this.#words[at + 3] as number;
  }

  mark(i: number, mark: Mark): void {
    this.#words[i * wordsEach + word.mark] = mark;
  }

  markOf(i: number): Mark {
    return this.#words[i * wordsEach + word.mark] as Mark;
  }
}
