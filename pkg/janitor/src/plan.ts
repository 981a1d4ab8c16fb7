import type { DiskSpace } from '@gorego/platform';

/** Shares of the limit: beyond the first, things are removed, until the second is reached. */
const highWatermark = 0.95;
const lowWatermark = 0.9;

/** What a file system should have left, if nobody says: a twentieth of it, or this if that is less. */
const minFreeBytesMax = 2 ** 30;
const minFreeShare = 0.05;

/** What a store writes about itself without reserving it, and what rounding to blocks adds. */
const ownBytesMax = 4 * 1024 * 1024;

/** How much of what the store may take is for reserving. */
export function allowedOf(maxBytes: number): number {
  return maxBytes - Math.min(ownBytesMax, Math.floor(maxBytes / 64));
}

export function defaultMinFree({ totalBytes }: Pick<DiskSpace, 'totalBytes'>): number {
  return Math.min(minFreeBytesMax, Math.floor(totalBytes * minFreeShare));
}

export interface Pressure {
  readonly maxBytes: number;
  /** Undefined for the default. */
  readonly minFreeBytes: number | undefined;
  readonly usedBytes: number;
  /** Undefined if it can't be told. */
  readonly space: DiskSpace | undefined;
}

/** What the store may take now, bytes: as much as it is allowed, unless the file system has less to give. */
export function limitOf({ maxBytes, minFreeBytes, usedBytes, space }: Pressure): number {
  const allowed = allowedOf(maxBytes);
  if (space === undefined) return allowed;
  const spare = space.freeBytes - (minFreeBytes ?? defaultMinFree(space));
  return Math.max(0, Math.min(allowed, usedBytes + spare));
}

/** Beyond this, it is time to remove something. */
export function startsAt(limitBytes: number): number {
  return Math.floor(limitBytes * highWatermark);
}

/** Down to this, with room for those who wait. */
export function goalOf(limitBytes: number, reservedBytes: number, waitingBytes: number): number {
  return Math.max(0, Math.min(Math.floor(limitBytes * lowWatermark), limitBytes - reservedBytes - waitingBytes));
}

/** The largest blob there can be room for. */
export function largestBlob(maxBytes: number): number {
  return Math.floor(maxBytes * lowWatermark);
}
