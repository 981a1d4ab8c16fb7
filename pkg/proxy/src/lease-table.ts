import type { Random } from '@gorego/platform';
import type { Key } from '@gorego/storage';

/** Places, a power of two; there are twice as many once they are fuller than this. */
const smallest = 16;
const fullest = 0.7;
/** The size in an empty place. */
const empty = -1;
const never = Number.NEGATIVE_INFINITY;

/**
 * When blobs were confirmed, by their keys and sizes, in flat arrays found by linear probing: 33 bytes a place, where a Map
 * of Digests takes 200 for each, and none has to be made to look.
 */
export class LeaseTable {
  /** Whoever chooses keys can't know where they go, and have them all in each other's way. */
  readonly #seeds: Uint32Array;
  #keys = new Uint32Array(4 * smallest);
  #sizes = new Float64Array(smallest).fill(empty);
  #confirmedMs = new Float64Array(smallest);
  #isUsed = new Uint8Array(smallest);
  #count = 0;

  constructor(random: Random) {
    this.#seeds = Uint32Array.from({ length: 6 }, () => random.fraction() * 2 ** 32);
  }

  /** Those that were forgotten included. */
  get count(): number {
    return this.#count;
  }

  /** Where it is, until the next change; -1 for what is not known. */
  find(key: Key, sizeBytes: number): number {
    const at = this.#placeOf(key, sizeBytes);
    return this.#sizes[at] === empty ? -1 : at;
  }

  /** When what is at a place was confirmed; minus infinity if it was forgotten. Milliseconds. */
  confirmedMs(at: number): number {
    return this.#confirmedMs[at] as number;
  }

  /** Whether `use` said since then that it was used. */
  isUsed(at: number): boolean {
    return this.#isUsed[at] === 1;
  }

  use(at: number): void {
    this.#isUsed[at] = 1;
  }

  set(key: Key, sizeBytes: number, confirmedMs: number): void {
    if (this.#count >= this.#sizes.length * fullest) this.#grow();
    const at = this.#placeOf(key, sizeBytes);
    if (this.#sizes[at] === empty) this.#count++;
    this.#put(at, key, sizeBytes, confirmedMs);
    this.#isUsed[at] = 0;
  }

  forget(key: Key, sizeBytes: number): void {
    const at = this.find(key, sizeBytes);
    if (at >= 0) this.#confirmedMs[at] = never;
  }

  #put(at: number, { a, b, c, d }: Key, sizeBytes: number, confirmedMs: number): void {
    const keys = this.#keys;
    keys[4 * at] = a;
    keys[4 * at + 1] = b;
    keys[4 * at + 2] = c;
    keys[4 * at + 3] = d;
    this.#sizes[at] = sizeBytes;
    this.#confirmedMs[at] = confirmedMs;
  }

  /** Where it is, or would be. */
  #placeOf(key: Key, sizeBytes: number): number {
    const sizes = this.#sizes;
    const last = sizes.length - 1;
    for (let at = this.#home(key, sizeBytes); ; at = (at + 1) & last) {
      if (sizes[at] === empty || (sizes[at] === sizeBytes && this.#isAt(at, key))) return at;
    }
  }

  #isAt(at: number, { a, b, c, d }: Key): boolean {
    const keys = this.#keys;
    return keys[4 * at] === a && keys[4 * at + 1] === b && keys[4 * at + 2] === c && keys[4 * at + 3] === d;
  }

  #home({ a, b, c, d }: Key, sizeBytes: number): number {
    const seeds = this.#seeds;
    let sum = Math.imul(a, seeds[0] as number) + Math.imul(b, seeds[1] as number);
    sum += Math.imul(c, seeds[2] as number) + Math.imul(d, seeds[3] as number);
    sum += Math.imul(sizeBytes, seeds[4] as number) + Math.imul(sizeBytes / 2 ** 32, seeds[5] as number);
    return Math.floor(((sum >>> 0) / 2 ** 32) * this.#sizes.length);
  }

  #grow(): void {
    const [keys, sizes, confirmedMs, isUsed] = [this.#keys, this.#sizes, this.#confirmedMs, this.#isUsed];
    const capacity = 2 * sizes.length;
    this.#keys = new Uint32Array(4 * capacity);
    this.#sizes = new Float64Array(capacity).fill(empty);
    this.#confirmedMs = new Float64Array(capacity);
    this.#isUsed = new Uint8Array(capacity);
    for (let i = 0; i < sizes.length; i++) {
      const sizeBytes = sizes[i] as number;
      if (sizeBytes === empty) continue;
      const [a = 0, b = 0, c = 0, d = 0] = keys.subarray(4 * i, 4 * i + 4);
      const at = this.#placeOf({ a, b, c, d }, sizeBytes);
      this.#put(at, { a, b, c, d }, sizeBytes, confirmedMs[i] as number);
      this.#isUsed[at] = isUsed[i] as number;
    }
  }
}
