import type { Context } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import { BlobReader } from '../blob-reader.ts';
import type { BlobStore } from '../blob-store.ts';
import type { Span } from '../byte-range.ts';

/** The bytes in `span` of what begins at `offset` of another blob; undefined if that is not here. */
export async function part(
  ctx: Context,
  blobs: BlobStore,
  { of, offset }: { readonly of: Digest; readonly offset: number },
  { start, end }: Span,
): Promise<BlobReader | undefined> {
  const blob = await blobs.get(ctx, of, { offset: offset + start, limit: end - start });
  if (blob === undefined) return undefined;
  return new BlobReader(
    { sizeBytes: blob.sizeBytes, chunks: blob, partOf: of, release: () => blob[Symbol.asyncDispose]() },
    blob.bytes,
  );
}
