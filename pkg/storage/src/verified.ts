import { Digest } from '@gorego/digest';
import { type Code, Failure } from '@gorego/errors';
import { BlobReader } from './blob-reader.ts';
import type { BlobStore } from './blob-store.ts';

/**
 * Lets through only bytes that hash to their name. The last chunk is held back until the hash agrees, so no reader ever
 * holds a whole blob that is wrong.
 *
 * Whose fault a mismatch is depends on the direction: the store's on `get` (data_loss, and `onCorrupt` may discard the
 * blob), the caller's on `put` (invalid_argument). Part of a blob can't be hashed; a range is passed through with only
 * its length checked.
 */
export function verified(inner: BlobStore, onCorrupt: (digest: Digest) => void = () => {}): BlobStore {
  return {
    get: async (ctx, digest, range) => {
      const blob = await inner.get(ctx, digest, range);
      if (blob?.sizeBytes !== Digest.sizeBytes(digest)) return blob;
      return verifying(digest, blob, 'data_loss', { onMismatch: () => onCorrupt(digest) });
    },
    put: (ctx, digest, blob) => inner.put(ctx, digest, verifying(digest, blob, 'invalid_argument')),
    findMissing: (ctx, digests) => inner.findMissing(ctx, digests),
  };
}

/**
 * The same bytes, which fail with `code` instead of ending if they are not the blob of that name. Bytes that somebody
 * has verified already are not hashed again.
 */
export function verifying(digest: Digest, blob: BlobReader, code: Code, verdict: Verdict = {}): BlobReader {
  if (blob.verifiedAs === digest) return blob;
  const release = (): Promise<void> => blob[Symbol.asyncDispose]();
  if (blob.sizeBytes !== Digest.sizeBytes(digest)) {
    const wrong = new Failure(code, `${blob.sizeBytes} bytes are not the blob ${digest}`);
    return new BlobReader({ sizeBytes: blob.sizeBytes, chunks: failing(wrong, verdict), release });
  }
  const chunks = checked(digest, blob, code, verdict);
  const { sizeBytes, recycle } = blob;
  return new BlobReader({ sizeBytes, chunks, release, recycle, verifiedAs: digest });
}

/** Told once, when all the bytes have been seen: before the last of them is handed over, or instead of it. */
export interface Verdict {
  readonly onMatch?: () => void;
  readonly onMismatch?: () => void;
}

async function* checked(digest: Digest, blob: BlobReader, code: Code, verdict: Verdict): AsyncGenerator<Uint8Array> {
  const hasher = Digest.hasher(digest);
  let held: Uint8Array | undefined;
  for await (const chunk of blob) {
    if (held !== undefined) yield held;
    hasher.update(chunk);
    held = chunk;
  }
  const hex = hasher.hex();
  if (hex !== Digest.hex(digest)) {
    verdict.onMismatch?.();
    throw new Failure(code, `the bytes of ${digest} hash to ${hex}`);
  }
  verdict.onMatch?.();
  if (held !== undefined) yield held;
}

function failing(failure: Failure, { onMismatch }: Verdict): AsyncIterable<Uint8Array> {
  const next = async (): Promise<never> => {
    onMismatch?.();
    throw failure;
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}
