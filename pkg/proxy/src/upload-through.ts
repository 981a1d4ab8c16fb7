import { type Context, Scope, throwIfEnded, unlessEnded } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import { Failure, isTransient } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import { BlobReader, type BlobStore, type Staged } from '@gorego/storage';
import type { Thresholds } from './thresholds.ts';

/** How long a stream to the upstream is held open for a giver that brings nothing. It is begun again when all is here. */
const giverPatienceMs = 2000;

export interface UploadThroughInit {
  readonly clock: Clock;
  readonly far: BlobStore;
  readonly staged: Staged;
  readonly thresholds: Thresholds;
}

/**
 * Brings a blob to `far` by way of `staged`, where it can be read again if `far` breaks off. A large blob is sent while
 * it still comes in; a giver that stands still does not hold the upstream's stream open. Resolves when `far` has it, to
 * whether it is staged whole too; what is staged was verified if `blob` was, and is for the caller to commit.
 */
export async function uploadThrough(
  ctx: Context,
  digest: Digest,
  blob: BlobReader,
  { clock, far, staged, thresholds }: UploadThroughInit,
): Promise<{ readonly isStaged: boolean; readonly failure?: Failure }> {
  using scope = new Scope({ parent: ctx });
  const coming = new Coming(blob, staged, thresholds.piece);
  const sentMeanwhile =
    blob.sizeBytes >= thresholds.sentWhileComing
      ? far.put(scope, digest, coming.followed(scope, clock)).then(
          () => true,
          (reason: unknown) => reason,
        )
      : undefined;
  try {
    await coming.arrive(ctx);
  } catch (reason) {
    scope.cancel(Failure.from(reason));
    await sentMeanwhile;
    if (!(reason instanceof StagingFailed)) throw reason;
    throwIfEnded(ctx);
    await far.put(ctx, digest, coming.unstaged(reason.piece));
    return { isStaged: false, failure: reason.failure };
  }
  const outcome = await sentMeanwhile;
  if (outcome !== true) {
    throwIfEnded(ctx);
    if (outcome !== undefined && !mayPass(outcome)) throw outcome;
    await far.put(ctx, digest, coming.whole(digest));
  }
  return { isStaged: true };
}

/** Worth sending again from the start: it broke off, or was left because of the giver. */
function mayPass(reason: unknown): boolean {
  return reason instanceof Failure && (isTransient(reason) || reason.code === 'cancelled');
}

/** Tier 1 could not take a piece. It is not the giver's fault, and the piece is still here. */
class StagingFailed extends Error {
  readonly piece: Uint8Array;
  readonly failure: Failure;

  constructor(piece: Uint8Array, failure: Failure) {
    super(failure.message);
    this.piece = piece;
    this.failure = failure;
  }
}

/** A blob that is coming in, and can be read as far as it has come. */
class Coming {
  readonly #sizeBytes: number;
  readonly #rest: AsyncIterator<Uint8Array, void>;
  readonly #staged: Staged;
  readonly #pieceBytes: number;
  #isWhole = false;
  #progress = Promise.withResolvers<void>();

  constructor(blob: BlobReader, staged: Staged, pieceBytes: number) {
    this.#sizeBytes = blob.sizeBytes;
    this.#rest = blob[Symbol.asyncIterator]();
    this.#staged = staged;
    this.#pieceBytes = pieceBytes;
  }

  /** Takes the blob in, to its end; StagingFailed if tier 1 can't. */
  async arrive(ctx: Context): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#rest.next();
        throwIfEnded(ctx);
        if (done === true) break;
        await this.#staged.append(value).catch((reason: unknown) => {
          throw new StagingFailed(value, Failure.from(reason));
        });
        this.#wake();
      }
      this.#isWhole = true;
    } finally {
      this.#wake();
    }
  }

  /** The blob from its first byte, as it comes. */
  followed(ctx: Context, clock: Clock): BlobReader {
    return new BlobReader({ sizeBytes: this.#sizeBytes, chunks: this.#follow(ctx, clock) });
  }

  /** The blob, now that it is all here; as often as needed. */
  whole(digest: Digest): BlobReader {
    return this.#from(0, digest);
  }

  /** The blob once more, when tier 1 can take no more of it: what it took, the piece it did not take, and the rest. */
  unstaged(piece: Uint8Array): BlobReader {
    const chunks = async function* (this: Coming): AsyncGenerator<Uint8Array> {
      yield* this.#pieces(0);
      yield piece;
      for (let next = await this.#rest.next(); next.done !== true; next = await this.#rest.next()) yield next.value;
    };
    return new BlobReader({ sizeBytes: this.#sizeBytes, chunks: chunks.call(this) });
  }

  #from(offset: number, verifiedAs: Digest | undefined): BlobReader {
    return new BlobReader({
      sizeBytes: this.#sizeBytes - offset,
      chunks: this.#pieces(offset),
      verifiedAs,
      again: async (from) => this.#from(offset + from, undefined),
    });
  }

  async *#pieces(offset: number): AsyncGenerator<Uint8Array> {
    for (let position = offset; position < this.#staged.sizeBytes; ) {
      const piece = await this.#staged.read(position, this.#pieceBytes).catch((reason: unknown) => {
        throw new Failure('unavailable', `tier 1 failed while a blob passed through: ${Failure.from(reason).message}`);
      });
      position += piece.byteLength;
      yield piece;
    }
  }

  async *#follow(ctx: Context, clock: Clock): AsyncGenerator<Uint8Array> {
    for (let position = 0; ; ) {
      const { promise } = this.#progress;
      for await (const piece of this.#pieces(position)) {
        position += piece.byteLength;
        yield piece;
      }
      if (this.#isWhole && position === this.#staged.sizeBytes) return;
      if (position === this.#staged.sizeBytes) await unlessEnded(ctx, patient(clock, promise));
    }
  }

  #wake(): void {
    const { resolve } = this.#progress;
    this.#progress = Promise.withResolvers();
    resolve();
  }
}

/** Waits, but not for ever: `cancelled` when the giver brings nothing. */
async function patient(clock: Clock, progress: Promise<void>): Promise<void> {
  const { promise: tooLong, reject } = Promise.withResolvers<never>();
  const stop = clock.after(giverPatienceMs, () => reject(new Failure('cancelled', 'the giver stands still')));
  try {
    await Promise.race([progress, tooLong]);
  } finally {
    stop();
  }
}
