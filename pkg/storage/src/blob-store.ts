import type { Context } from '@gorego/context';
import type { Digest, DigestFunctionName } from '@gorego/digest';
import type { BlobReader } from './blob-reader.ts';
import type { ByteRange } from './byte-range.ts';
import type { Checklist } from './checklist.ts';

/**
 * A place blobs live, under the names their contents give them.
 *
 * Three verbs, so that wrapping a store is cheap. A blob that isn't here is half of all answers, not a failure: `get`
 * says `undefined`. A Failure means the store could not tell.
 */
export interface BlobStore {
  /**
   * Opens a blob, or its `range`, for its caller to own; undefined when it isn't here. `out_of_range` for an offset
   * past the end.
   */
  get(ctx: Context, digest: Digest, range?: ByteRange): Promise<BlobReader | undefined>;

  /**
   * Keeps a blob, taking ownership of `blob` whatever the outcome. Resolves once the store would answer `get`. Keeping
   * what is already kept succeeds, and may leave `blob` unread. Bytes that are not the blob of that name are refused
   * with `invalid_argument` by any store that keeps them, and nothing of them is ever visible.
   */
  put(ctx: Context, digest: Digest, blob: BlobReader): Promise<void>;

  /** The subset of `digests` that isn't here. Those that are have just been used. */
  findMissing(ctx: Context, digests: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>>;

  /**
   * Marks those blobs of which can be said without waiting whether they are here; those that are have just been used. Of
   * the others `findMissing` tells. It is for speed alone, and a store may well be without it.
   */
  mark?(ctx: Context, list: Checklist): void;
}

/** A store that knows how large a blob is whose hash alone was said, as HTTP says it. */
export interface SizingStore extends BlobStore {
  /** Undefined if no blob of that hash is here. `hex` must be well-formed. */
  sizeOf(ctx: Context, name: DigestFunctionName, hex: string): Promise<number | undefined>;
}

/** A store that a blob can be brought into piece by piece, by somebody who must read it meanwhile. */
export interface StagingStore extends BlobStore {
  /** Begins a blob. Fails as `put` would for want of room. */
  stage(ctx: Context, digest: Digest): Promise<Staged>;
}

/**
 * A blob on its way into a store: what has been appended can be read, by its owner alone, until it is committed.
 * Disposing it before that leaves nothing; its owner disposes it in any case.
 */
export interface Staged extends AsyncDisposable {
  /** Bytes that have been appended. */
  readonly sizeBytes: number;
  /** One at a time. */
  append(chunk: Uint8Array): Promise<void>;
  /** Up to `limitBytes`, and at least one, of what has been appended from `position` on. */
  read(position: number, limitBytes: number): Promise<Uint8Array>;
  /** Makes the blob visible. Whoever commits answers for the hash; `data_loss` if bytes are missing. */
  commit(): Promise<void>;
}
