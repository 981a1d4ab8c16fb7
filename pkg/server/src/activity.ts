import type { Caller } from '@gorego/context';

/** Is told what the cache did for whom: what a person asks of a cache after a build. */
export interface Activity {
  /** An action's result was there, and usable. */
  hit(caller: Caller): void;
  miss(caller: Caller): void;
  /** Bytes of blobs went out. */
  served(caller: Caller, bytes: number): void;
  /** Bytes of blobs came in, and are kept. */
  stored(caller: Caller, bytes: number): void;
}

export const unwatched: Activity = { hit: () => {}, miss: () => {}, served: () => {}, stored: () => {} };
