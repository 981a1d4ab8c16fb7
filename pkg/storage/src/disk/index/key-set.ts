import type { HalfKey } from './key.ts';

/** 32-bit words of a key that are kept. Two keys that share them are taken for one. */
const keptWords = 2;
const fullest = 0.8;
const growth = 1.25;
const smallest = 16;

/** A set of halves of keys in one flat array, found by linear probing: 10 to 13 bytes each. */
export class KeySet {
  #words = new Uint32Array(smallest * keptWords);
  #capacity = smallest;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** False if it was there before. */
  add({ a, b }: HalfKey): boolean {
    if (a === 0 && b === 0) return false; // That is how an empty place looks, and no hash that anybody will ever meet.
    if (this.#count + 1 > this.#capacity * fullest) this.#grow();
    const at = this.#placeOf(a, b);
    if (!this.#isEmpty(at)) return false;
    this.#put(at, a, b);
    this.#count++;
    return true;
  }

  has({ a, b }: HalfKey): boolean {
    return (a !== 0 || b !== 0) && !this.#isEmpty(this.#placeOf(a, b));
  }

  /** Everything, as it is now; what is added meanwhile may not be seen. */
  *[Symbol.iterator](): Generator<HalfKey> {
    const words = this.#words;
    for (let at = 0; at < words.length; at += keptWords) {
      const [a, b] = [words[at] as number, words[at + 1] as number];
      if (a !== 0 || b !== 0) yield { a, b };
    }
  }

  #isEmpty(at: number): boolean {
    return this.#words[at] === 0 && this.#words[at + 1] === 0;
  }

  #put(at: number, a: number, b: number): void {
    this.#words[at] = a;
    this.#words[at + 1] = b;
  }

  /** Where it is, or would be. */
  #placeOf(a: number, b: number): number {
    const words = this.#words;
    // By another word than the index looks by: what comes out in order must not go in where it is crowded.
    let at = Math.floor((a / 0x100000000) * this.#capacity) * keptWords;
    while (!this.#isEmpty(at) && (words[at] !== a || words[at + 1] !== b)) {
      at += keptWords;
      if (at === words.length) at = 0;
    }
    return at;
  }

  #grow(): void {
    const old = this.#words;
    this.#capacity = Math.ceil(this.#capacity * growth) + smallest;
    this.#words = new Uint32Array(this.#capacity * keptWords);
    for (let at = 0; at < old.length; at += keptWords) {
      const [a, b] = [old[at] as number, old[at + 1] as number];
      if (a !== 0 || b !== 0) this.#put(this.#placeOf(a, b), a, b);
    }
  }
}
