import type { Context } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import type { ActionCache } from './action-cache.ts';
import type { BlobStore } from './blob-store.ts';

/**
 * Every blob without which an action's encoded ActionResult is useless, found with the help of `blobs` (trees name blobs too);
 * undefined when that can't be known because one of them isn't here or isn't what it should be.
 */
export type References = (
  ctx: Context,
  action: Digest,
  result: Uint8Array,
  blobs: BlobStore,
) => Promise<ReadonlySet<Digest> | undefined>;

/** Remembers only what can still be used: a result whose outputs are gone is no result. */
export function completeOnly(actions: ActionCache, blobs: BlobStore, references: References): ActionCache {
  return {
    get: async (ctx, action) => {
      const result = await actions.get(ctx, action);
      if (result === undefined) return undefined;
      return (await isComplete(ctx, action, result, blobs, references)) ? result : undefined;
    },
    getUnchecked: (ctx, action) => actions.get(ctx, action),
    put: (ctx, action, result) => actions.put(ctx, action, result),
  };
}

/** Is everything that the result refers to in `blobs`? */
export async function isComplete(
  ctx: Context,
  action: Digest,
  result: Uint8Array,
  blobs: BlobStore,
  references: References,
): Promise<boolean> {
  const needed = await references(ctx, action, result, blobs);
  if (needed === undefined) return false;
  return needed.size === 0 || (await blobs.findMissing(ctx, needed)).size === 0;
}
