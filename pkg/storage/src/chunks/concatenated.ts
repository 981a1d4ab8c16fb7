import type { Context } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { BlobReader } from '../blob-reader.ts';
import type { BlobStore } from '../blob-store.ts';
import type { Span } from '../byte-range.ts';

/**
 * The bytes in `span` of what the chunks are, one after another. One chunk is open at a time; one that is not there when
 * its turn comes is `unavailable`.
 */
export function concatenated(
  ctx: Context,
  blobs: Pick<BlobStore, 'get'>,
  chunks: readonly Digest[],
  { start, end }: Span,
): BlobReader {
  return new BlobReader({
    sizeBytes: end - start,
    chunks: pieces(ctx, blobs, chunks, { start, end }),
    again: async (offset) => concatenated(ctx, blobs, chunks, { start: start + offset, end }),
  });
}

/** How many bytes the chunks are together. */
export function totalBytes(chunks: readonly Digest[]): number {
  return chunks.reduce((sum, chunk) => sum + Digest.sizeBytes(chunk), 0);
}

async function* pieces(
  ctx: Context,
  blobs: Pick<BlobStore, 'get'>,
  chunks: readonly Digest[],
  { start, end }: Span,
): AsyncGenerator<Uint8Array> {
  let position = 0;
  for (const chunk of chunks) {
    if (position >= end) return;
    const sizeBytes = Digest.sizeBytes(chunk);
    const from = Math.max(start - position, 0);
    const to = Math.min(end - position, sizeBytes);
    position += sizeBytes;
    if (from >= to) continue;
    const isWhole = from === 0 && to === sizeBytes;
    const blob = await blobs.get(ctx, chunk, isWhole ? undefined : { offset: from, limit: to - from });
    if (blob === undefined) throw new Failure('unavailable', `the chunk ${chunk} is no longer here`);
    yield* blob;
  }
}
