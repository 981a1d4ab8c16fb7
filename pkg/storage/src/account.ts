import type { Context } from '@gorego/context';
import type { Key } from './disk/index/key.ts';

/** Keeps account of what callers were told is here. */
export interface Account {
  /** Of one caller; undefined if nothing is kept of it. */
  of(ctx: Context): CallersAccount | undefined;
}

export interface CallersAccount {
  /** The caller was told that this blob is here. */
  add(key: Key, sizeBytes: number): void;
}
