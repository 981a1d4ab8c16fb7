import type { Context } from '@gorego/context';
import type { Digest } from '@gorego/digest';

/**
 * Remembers what actions did. Unlike a blob, a result can change and can't be checked against its name.
 *
 * Results are encoded ActionResult messages, kept and returned byte for byte. As with blobs, `undefined` means there is
 * none, and a Failure that the cache could not tell.
 */
export interface ActionCache {
  get(ctx: Context, action: Digest): Promise<Uint8Array | undefined>;
  /**
   * The same by a cache that otherwise looks whether the blobs of a result are there, without that look: for who reads them
   * next anyway. It is for speed alone, and a cache may well be without it.
   */
  getUnchecked?(ctx: Context, action: Digest): Promise<Uint8Array | undefined>;
  /** Replaces what was known of the action. Resolves once `get` would answer it. */
  put(ctx: Context, action: Digest, result: Uint8Array): Promise<void>;
}

/** An action cache whose results can be taken back. */
export interface KeptActions extends ActionCache {
  /** Resolves once `get` would say undefined. Forgetting what is not known succeeds. */
  forget(ctx: Context, action: Digest): Promise<void>;
}
