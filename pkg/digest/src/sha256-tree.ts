import { hash } from 'node:crypto';
import type { Hasher } from './hasher.ts';

/** Blobs of up to this size are hashed by plain SHA-256; it is also the size of the leaves of larger ones. */
const leafBytes = 1024;

/** Words in a hash. */
const words = 8;

/** The most subtrees that wait for their right neighbour: one for each bit of the number of leaves of 2^53 bytes. */
const depthMax = 44;

/**
 * SHA256TREE (REAPI, at DigestFunction): leaves of 1 KiB by SHA-256, joined two by two by one run of its block cipher, the
 * left side of each join being the largest power of two. Memory stays below 4 KiB for a blob of any size.
 */
export class Sha256Tree implements Hasher {
  /** Bytes of the leaf that is not full yet. */
  readonly #leaf = Buffer.allocUnsafeSlow(leafBytes);
  #leafLength = 0;
  /** Full leaves hashed so far. Its bits say which subtrees are waiting. */
  #leaves = 0;
  /** Hashes of subtrees that wait for their right neighbour, the largest first. */
  readonly #waiting = new Int32Array((depthMax + 1) * words);
  #depth = 0;

  update(bytes: Uint8Array): void {
    let at = 0;
    if (this.#leafLength > 0) {
      at = Math.min(leafBytes - this.#leafLength, bytes.byteLength);
      this.#leaf.set(bytes.subarray(0, at), this.#leafLength);
      this.#leafLength += at;
      if (this.#leafLength < leafBytes) return;
      this.#add(this.#leaf);
      this.#leafLength = 0;
    }
    for (; bytes.byteLength - at >= leafBytes; at += leafBytes) this.#add(bytes.subarray(at, at + leafBytes));
    this.#leaf.set(bytes.subarray(at));
    this.#leafLength = bytes.byteLength - at;
  }

  hex(): string {
    if (this.#leafLength > 0 || this.#leaves === 0) this.#push(this.#leaf.subarray(0, this.#leafLength));
    while (this.#depth > 1) this.#join();
    const result = Buffer.alloc(words * 4);
    for (let i = 0; i < words; i++) result.writeInt32BE(this.#waiting[i] as number, i * 4);
    return result.toString('hex');
  }

  /** Takes a full leaf, and joins what it completes: as many subtrees as its number has trailing zeros. */
  #add(leaf: Uint8Array): void {
    this.#push(leaf);
    this.#leaves++;
    for (let count = this.#leaves; count % 2 === 0; count /= 2) this.#join();
  }

  #push(leaf: Uint8Array): void {
    const text = hash('sha256', leaf, 'binary'); // Latin-1 text, twice as fast as a Buffer.
    const at = this.#depth * words;
    for (let i = 0; i < words; i++) this.#waiting[at + i] = wordOf(text, i * 4);
    this.#depth++;
  }

  /** Puts the hash of the last two subtrees together in their place. */
  #join(): void {
    this.#depth--;
    encrypt(this.#waiting, (this.#depth - 1) * words);
  }
}

/** Four bytes of a text of bytes, the highest first. */
function wordOf(text: string, at: number): number {
  const [a, b] = [text.charCodeAt(at), text.charCodeAt(at + 1)];
  return (a << 24) | (b << 16) | (text.charCodeAt(at + 2) << 8) | text.charCodeAt(at + 3);
}

/** The first `count` primes. */
function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

/** The first 32 bits of a number's fraction. */
function fraction(value: number): number {
  return Math.floor((value % 1) * 2 ** 32) | 0;
}

/** SHA-256's constants of rounds, and, in place of its initial values, those that come after them. */
const constants = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
const initial = primes(16)
  .slice(8)
  .map((prime) => fraction(Math.sqrt(prime))) as [number, number, number, number, number, number, number, number];

const schedule = new Int32Array(64);

/** SHA-256's block cipher alone, no addition after it: the 16 words of `state` from `at` on become the first 8 of them. */
function encrypt(state: Int32Array, at: number): void {
  const w = schedule;
  for (let i = 0; i < 16; i++) w[i] = state[at + i] as number;
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15] as number;
    const y = w[i - 2] as number;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = ((w[i - 16] as number) + s0 + (w[i - 7] as number) + s1) | 0;
  }
  let { 0: a, 1: b, 2: c, 3: d, 4: e, 5: f, 6: g, 7: h } = initial;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (constants[i] as number) + (w[i] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[at] = a;
  state[at + 1] = b;
  state[at + 2] = c;
  state[at + 3] = d;
  state[at + 4] = e;
  state[at + 5] = f;
  state[at + 6] = g;
  state[at + 7] = h;
}
