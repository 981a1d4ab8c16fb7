import type { Context } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import type { HalfKey } from './disk/index/key.ts';

/** Keeps account of what callers were told is here. */
export interface Account {
  /** Of one caller; undefined if nothing is kept of it. */
  of(ctx: Context): CallersAccount | undefined;
}

export interface CallersAccount {
  /** The caller was told that this blob is here; `key` is half of its key. */
  add(key: HalfKey, digest: Digest): void;
}
