import { createHash } from 'node:crypto';

/**
 * The 256 numbers of the gear hash, one for each value of a byte: the upper 64 bits of the MD5 of that byte, 64 times
 * over. A seed is added to each by exclusive or.
 */
export function gearTable(seed = 0): BigUint64Array {
  const numbers = Array.from({ length: 256 }, (_, byte) =>
    createHash('md5').update(Buffer.alloc(64, byte)).digest().readBigUInt64BE(0),
  );
  return BigUint64Array.from(numbers, (number) => number ^ BigInt(seed));
}
