import { createHash } from 'node:crypto';
import type { FastCdcSizes } from '../fast-cdc.ts';
import type { RepMaxCdcParams } from '../rep-max-cdc.ts';

/*
 * The algorithms as their definitions put them, byte after byte and without any thought of speed: what the fast ones are
 * judged by. Nothing here is shared with them.
 */

const gear = Array.from({ length: 256 }, (_, byte) => {
  const hex = createHash('md5').update(Buffer.alloc(64, byte)).digest('hex');
  return BigInt(`0x${hex.slice(0, 16)}`);
});

const hashOf = (bytes: Uint8Array, seed = 0n): bigint =>
  bytes.reduce((hash, byte) => BigInt.asUintN(64, 2n * hash + ((gear[byte] as bigint) ^ seed)), 0n);

/** Sizes of the chunks of FastCDC 2020, level 2, with masks for averages of 1, 2 and 16 KiB. */
export function fastCdcSlowly({ min, average, max }: FastCdcSizes, seed: number, bytes: Uint8Array): number[] {
  const [strict, lax] = {
    1024: [0x0000d90103530000n, 0x0000001800035300n] as const,
    2048: [0x0000d90303530000n, 0x0000019000353000n] as const,
    16384: [0x0000d90303537000n, 0x0000d90103530000n] as const,
  }[average] ?? [0n, 0n];
  const sizes: number[] = [];
  for (let start = 0; start < bytes.byteLength; start += sizes.at(-1) as number) {
    const left = Math.min(bytes.byteLength - start, max);
    let size = left;
    let hash = 0n;
    for (let at = Math.floor(min / 2) * 2; left > min && at < Math.floor(left / 2) * 2; at++) {
      hash = BigInt.asUintN(64, 2n * hash + ((gear[bytes[start + at] as number] as bigint) ^ BigInt(seed)));
      if ((hash & (at < average ? strict : lax)) !== 0n) continue;
      size = at;
      break;
    }
    sizes.push(size);
  }
  return sizes;
}

/** Sizes of the chunks of RepMaxCDC. */
export function repMaxSlowly({ min, horizon }: RepMaxCdcParams, bytes: Uint8Array): number[] {
  const sizes: number[] = [];
  for (let start = 0; start < bytes.byteLength; start += sizes.at(-1) as number) {
    const seen = bytes.subarray(start, start + 2 * min + horizon);
    if (seen.byteLength < 2 * min) {
      sizes.push(seen.byteLength);
      break;
    }
    let best: number;
    let last = seen.byteLength - min;
    do {
      best = min;
      let hash = hashOf(seen.subarray(min - 64, min));
      let greatest = hash;
      for (let place = min + 1; place <= last; place++) {
        hash = BigInt.asUintN(64, 2n * hash + (gear[seen[place - 1] as number] as bigint));
        if (hash <= greatest) continue;
        greatest = hash;
        best = place;
      }
      last = best - min;
    } while (best >= 2 * min);
    sizes.push(best);
  }
  return sizes;
}
