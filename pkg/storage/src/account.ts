import type { Context } from '@gorego/context';
import type { HalfKey } from './disk/index/key.ts';

/** Keeps account of what callers were told is here. */
export interface Account {
  /** Of one caller; undefined if nothing is kept of it. */
  of(ctx: Context): CallersAccount | undefined;
}

export interface CallersAccount {
  /** The caller was told that this blob, or the result of this action, is here: `key` begins like its key. */
  add(key: HalfKey, sizeBytes: number): void;
}
