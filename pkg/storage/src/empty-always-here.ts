import { type Context, throwIfEnded } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { BlobReader } from './blob-reader.ts';
import type { BlobStore } from './blob-store.ts';
import { type ByteRange, spanOf } from './byte-range.ts';

/**
 * Has the empty blob without asking: clients take it for granted on a fresh server, and many never upload it.
 */
export function emptyAlwaysHere(inner: BlobStore): BlobStore {
  return {
    get: (ctx, digest, range) => (Digest.isEmpty(digest) ? empty(ctx, digest, range) : inner.get(ctx, digest, range)),
    put: async (ctx, digest, blob) => {
      if (!Digest.isEmpty(digest)) return inner.put(ctx, digest, blob);
      await using owned = blob;
      throwIfEnded(ctx);
      for await (const _ of owned); // No byte may come; a reader that has one fails by itself.
    },
    findMissing: (ctx, digests) => {
      const empty = digests.values().filter(Digest.isEmpty).toArray();
      return inner.findMissing(ctx, empty.length === 0 ? digests : digests.difference(new Set(empty)));
    },
    mark: (ctx, list) => inner.mark?.(ctx, list),
  };
}

async function empty(ctx: Context, digest: Digest, range: ByteRange | undefined): Promise<BlobReader> {
  throwIfEnded(ctx);
  spanOf(digest, range);
  return BlobReader.ofBytes(new Uint8Array(), digest);
}
