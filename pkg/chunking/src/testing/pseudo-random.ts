/** Bytes that look random and are always the same: Marsaglia's xorshift64, the lowest byte of each number. */
export function pseudoRandom(sizeBytes: number, seed = 0x9e3779b97f4a7c15n): Uint8Array {
  let x = seed;
  return Uint8Array.from({ length: sizeBytes }, () => {
    x = BigInt.asUintN(64, x ^ (x << 13n));
    x ^= x >> 7n;
    x = BigInt.asUintN(64, x ^ (x << 17n));
    return Number(x & 0xffn);
  });
}
