import type { Context, Scope } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { BlobReader, type BlobStore } from '@gorego/storage';
import type { WriteRequests } from './write-requests.ts';

export interface UploadInit {
  readonly blobs: BlobStore;
  readonly digest: Digest;
  /** What the store works in; whoever ends it ends the upload. */
  readonly scope: Scope;
  /** A Write was cut off. Whether to wait for one that goes on. */
  readonly onCut: () => boolean;
}

/** One Write, and the blob's bytes that it brings. */
interface Turn {
  readonly requests: WriteRequests;
  readonly chunks: AsyncIterator<Uint8Array>;
  readonly fail: (reason: unknown) => void;
}

const closed: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * One blob on its way into a store, brought by one Write or by several, each going on where the last was cut off. For
 * the store it is one `put` from a reader that takes its time: it keeps what it has, as it does for a slow client.
 */
export class Upload {
  /** The store's answer. */
  readonly stored: Promise<void>;
  readonly #init: UploadInit;
  #position = 0;
  #turn: Turn | undefined;
  #isClosed = false;
  #wake: (() => void) | undefined;

  constructor(init: UploadInit) {
    this.#init = init;
    const { blobs, digest, scope } = init;
    const chunks = {
      [Symbol.asyncIterator]: () => ({ next: () => this.#next(), return: () => this.#close() }),
    };
    this.stored = blobs.put(scope, digest, new BlobReader({ sizeBytes: Digest.sizeBytes(digest), chunks }));
    this.stored.catch(() => {}); // Each Write is told, and when there is none nobody waits.
  }

  /** How many bytes of the blob the store has taken: where another Write goes on. */
  get position(): number {
    return this.#position;
  }

  /**
   * Takes the bytes from `position` on from a Write, and from none before it any more. Resolves when the blob is stored;
   * fails as that does, or as the Write does when it is cut off.
   */
  async receive(call: Context, requests: WriteRequests, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.stored.then(resolve, reject);
    const before = this.#turn;
    const turn = { requests, chunks: chunks[Symbol.asyncIterator](), fail: reject };
    this.#turn = turn;
    if (before !== undefined) {
      const why = new Failure('aborted', 'another Write goes on with this upload');
      letGo(before, why);
      before.fail(why);
    }
    this.#wake?.();
    const stop = call.onEnd((why) => this.#cut(turn, why));
    try {
      await promise;
    } finally {
      stop();
    }
  }

  /** The caller has left, whatever the store is doing. */
  #cut(turn: Turn, why: Failure): void {
    if (turn !== this.#turn) return;
    this.#turn = undefined;
    letGo(turn, why);
    turn.fail(why);
    if (!this.#init.onCut()) this.#init.scope.cancel(why);
  }

  /** The next chunk, of whoever's turn it is. */
  async #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    while (!this.#isClosed) {
      const turn = this.#turn;
      if (turn === undefined) {
        await this.#change();
        continue;
      }
      try {
        const { done, value } = await turn.chunks.next();
        if (turn !== this.#turn) continue; // Another Write has begun where this one had not yet been.
        if (done === true) return closed;
        this.#position += value.byteLength;
        return { done: false, value };
      } catch (reason) {
        if (turn !== this.#turn) continue;
        this.#turn = undefined;
        if (!turn.requests.wasCut || !this.#init.onCut()) throw reason;
        turn.fail(reason);
      }
    }
    return closed;
  }

  /** Waits for the turn of another Write. Fails when the upload is ended. */
  #change(): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = this.#init.scope.onEnd(reject);
      this.#wake = () => {
        stop();
        resolve();
      };
    });
  }

  /** The store wants no more; what it makes of what it has, it is about to say. */
  async #close(): Promise<IteratorReturnResult<undefined>> {
    this.#isClosed = true;
    const turn = this.#turn;
    this.#turn = undefined;
    if (turn !== undefined) letGo(turn, new Failure('cancelled', 'the upload has ended'));
    this.#wake?.();
    return closed;
  }
}

/** Takes no more from a Write, whatever it is waiting for. */
function letGo({ requests, chunks }: Turn, why: Failure): void {
  requests.interrupt(why);
  chunks.return?.().catch(() => {}); // It is none of the upload's business any more.
}
