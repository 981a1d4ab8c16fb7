import { type Context, throwIfEnded } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import type { BlobReader, BlobStore } from '@gorego/storage';

/** Blobs on their way into the store at once: each holds up to a mebibyte, or a file. */
const putsMax = 8;

/** Something that can be put, and is let go then. */
export interface Putable extends AsyncDisposable {
  open(): BlobReader;
}

/** Puts blobs while the next ones are made, a few at once. Disposing it waits for those under way. */
export class PutWindow implements AsyncDisposable {
  readonly #ctx: Context;
  readonly #blobs: BlobStore;
  readonly #under = new Set<Promise<void>>();
  #failure: { readonly reason: unknown } | undefined;

  constructor(ctx: Context, blobs: BlobStore) {
    this.#ctx = ctx;
    this.#blobs = blobs;
  }

  /** Resolves when there is room for another. Takes ownership. Fails with what an earlier one failed with. */
  async put(digest: Digest, content: Putable): Promise<void> {
    const under = this.#put(digest, content).catch((reason: unknown) => {
      this.#failure ??= { reason };
    });
    this.#under.add(under);
    void under.then(() => this.#under.delete(under));
    if (this.#under.size >= putsMax) await Promise.race(this.#under);
    this.#throwFailure();
  }

  /** Resolves when all are in the store. */
  async settled(): Promise<void> {
    await Promise.all(this.#under);
    this.#throwFailure();
  }

  async #put(digest: Digest, content: Putable): Promise<void> {
    await using owned = content;
    throwIfEnded(this.#ctx);
    await this.#blobs.put(this.#ctx, digest, owned.open());
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#under);
  }
}
