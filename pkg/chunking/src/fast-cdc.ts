import type { Chunker } from './chunker.ts';
import { GearScanner } from './gear-scanner.ts';
import { gearTable } from './gear-table.ts';

/** Of chunks, in bytes. */
export interface FastCdcSizes {
  readonly min: number;
  /** A power of two. */
  readonly average: number;
  readonly max: number;
}

const averageMin = 1024;
const averageMax = 8 * 1024 * 1024;

/** As REAPI derives them from the average (`FastCdc2020Params`): a quarter of it at least, four times it at most. */
export function fastCdcSizes(average: number): FastCdcSizes {
  if (average < averageMin || average > averageMax || !Number.isInteger(Math.log2(average))) {
    throw new RangeError(`${average} bytes are no average of FastCDC: a power of two from 1 KiB to 8 MiB is`);
  }
  return { min: average / 4, average, max: average * 4 };
}

/**
 * FastCDC as of 2020, with normalization of level 2: a chunk ends before the byte at which the gear hash, begun at the
 * minimal size, has none of a mask's bits set. Before the average size the mask is a strict one, behind it a lax one.
 *
 * Bytes count in pairs from the start of a chunk, so that the last byte of an odd number of them is not looked at.
 */
export function fastCdc2020({ min, average, max }: FastCdcSizes, seed = 0): Chunker {
  const scanner = new GearScanner(gearTable(seed));
  const bits = Math.round(Math.log2(average));
  const [strict, lax] = [maskOf(bits + normalization), maskOf(bits - normalization)];
  const next = (bytes: Uint8Array): number => {
    const size = Math.min(bytes.byteLength, max);
    if (size <= min) return size;
    const center = even(Math.min(size, average));
    scanner.hash = 0n;
    return (
      scanner.untilMasked(bytes, even(min), center, strict) ??
      scanner.untilMasked(bytes, center, even(size), lax) ??
      size
    );
  };
  return { windowBytes: max, begin: () => ({ next }) };
}

const normalization = 2;

function even(size: number): number {
  return size - (size % 2);
}

/** The masks of the algorithm's C implementation: the more bits, the rarer it is that none of them is set. */
const masks: readonly bigint[] = [
  0x1800035300n, // 8 bits
  0x19000353000n,
  0x590003530000n,
  0xd90003530000n,
  0xd90103530000n,
  0xd90303530000n,
  0xd90313530000n,
  0xd90f03530000n,
  0xd90303537000n, // 16 bits
  0xd90703537000n,
  0xd90707537000n,
  0xd91707537000n,
  0xd91747537000n,
  0xd91767537000n,
  0xd93767537000n,
  0xd93777537000n,
  0xd93777577000n, // 24 bits
  0xdb3777577000n,
];

function maskOf(bits: number): bigint {
  const mask = masks[bits - 8];
  if (mask === undefined) throw new RangeError(`FastCDC has no mask of ${bits} bits`);
  return mask;
}
