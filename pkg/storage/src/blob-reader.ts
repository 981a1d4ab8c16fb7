import assert from 'node:assert/strict';
import type { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';

export interface BlobReaderInit {
  /** Exactly how many bytes `chunks` will yield. */
  readonly sizeBytes: number;
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Runs once, whatever happens: read to the end, failed, or never read at all. */
  readonly release?: (() => void | PromiseLike<void>) | undefined;
  /** Set by who checks the hash while the chunks pass, and holds the last one back until it agrees. */
  readonly verifiedAs?: Digest | undefined;
  readonly compressed?: Compressed | undefined;
  /** The blob that these bytes are kept as a part of, if not as a blob of their own. */
  readonly partOf?: Digest | undefined;
  /** Makes use again of the memory of a chunk. */
  readonly recycle?: ((chunk: Uint8Array) => void) | undefined;
  /** Opens the same bytes once more, from an offset on: for who must send them again. Good until this one's release. */
  readonly again?: ((offset: number) => Promise<BlobReader>) | undefined;
}

/** The same bytes as they are stored: for who would compress them anyway. */
export interface Compressed {
  readonly codec: 'zstd';
  /** Read instead of the reader itself, and like it: once, by its owner, who disposes the reader in any case. */
  readonly chunks: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/**
 * Bytes on their way from one place to another.
 *
 * A reader is read once and has one owner: whoever holds it either reads it to the end or disposes it, and passing it
 * to `put` passes the ownership along. There is no `tee`: to read a blob twice, ask its store twice (`coalesced` makes
 * the second time free).
 *
 * Chunks are immutable from the moment they are yielded, so a receiver may keep them; one that keeps none, and has shown
 * them to nobody who does, may `recycle` each when it is done with it. A stream that ends early or goes
 * on too long fails with `data_loss`.
 */
export class BlobReader implements AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly sizeBytes: number;
  /** All the bytes, where they are in memory already: a look that reads nothing and leaves the ownership as it is. */
  readonly bytes: Uint8Array | undefined;
  /** The same bytes compressed, where they are stored like that. */
  readonly compressed: Compressed | undefined;
  /** Whoever reads this to its end without a failure holds the blob of this name. */
  readonly verifiedAs: Digest | undefined;
  /** What is kept here, if it isn't these bytes as they are but another blob of which they are a part. */
  readonly partOf: Digest | undefined;
  /** Opens the same bytes once more, where that can be had; each has its own owner. */
  readonly again: ((offset: number) => Promise<BlobReader>) | undefined;
  /**
   * Takes back a chunk that this reader or its compressed form has yielded: its bytes will change. To call it is never a
   * must, and most chunks are none the wiser; those that go out in their thousands are memory saved.
   */
  readonly recycle: ((chunk: Uint8Array) => void) | undefined;
  readonly #iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #release: (() => void | PromiseLike<void>) | undefined;
  #state: 'fresh' | 'reading' | 'released' = 'fresh';
  #received = 0;

  constructor(
    { sizeBytes, chunks, release, verifiedAs, compressed, partOf, recycle, again }: BlobReaderInit,
    bytes?: Uint8Array,
  ) {
    assert(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0);
    this.sizeBytes = sizeBytes;
    this.bytes = bytes;
    this.compressed = compressed;
    this.verifiedAs = verifiedAs;
    this.partOf = partOf;
    this.recycle = recycle;
    this.again = again;
    this.#iterator =
      Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : (chunks[Symbol.iterator]() as never);
    this.#release = release;
  }

  /** A blob that is in memory. */
  static ofBytes(bytes: Uint8Array, verifiedAs?: Digest): BlobReader {
    const chunks = bytes.byteLength === 0 ? [] : [bytes];
    const again = async (offset: number): Promise<BlobReader> => BlobReader.ofBytes(bytes.subarray(offset));
    return new BlobReader({ sizeBytes: bytes.byteLength, chunks, verifiedAs, again }, bytes);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, void> {
    assert(this.#state === 'fresh', 'a BlobReader is read once');
    this.#state = 'reading';
    return {
      next: () => this.#next(),
      return: async () => {
        await this[Symbol.asyncDispose]();
        return { done: true, value: undefined };
      },
    };
  }

  async #next(): Promise<IteratorResult<Uint8Array, void>> {
    if (this.#state === 'released') return { done: true, value: undefined };
    try {
      const { done, value } = await this.#iterator.next();
      if (done === true) {
        if (this.#received !== this.sizeBytes) this.#lose(`ended at byte ${this.#received}`);
        await this[Symbol.asyncDispose]();
        return { done: true, value: undefined };
      }
      this.#received += value.byteLength;
      if (this.#received > this.sizeBytes) this.#lose(`was still going at byte ${this.#received}`);
      return { done: false, value };
    } catch (reason) {
      await this[Symbol.asyncDispose]();
      throw reason;
    }
  }

  #lose(how: string): never {
    throw new Failure('data_loss', `a blob of ${this.sizeBytes} bytes ${how}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'released') return;
    const wasReading = this.#state === 'reading';
    this.#state = 'released';
    try {
      if (wasReading) await this.#iterator.return?.();
    } finally {
      await this.#release?.();
    }
  }
}

/** Reads to the end. `resource_exhausted`, with nothing read, if that would be more than `limitBytes`. */
export async function bytesOf(reader: BlobReader, limitBytes: number): Promise<Uint8Array> {
  await using owned = reader;
  if (owned.sizeBytes > limitBytes) {
    throw new Failure('resource_exhausted', `${owned.sizeBytes} bytes are more than the ${limitBytes} held in memory`);
  }
  if (owned.bytes !== undefined) return owned.bytes;
  const chunks: Uint8Array[] = [];
  for await (const chunk of owned) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, owned.sizeBytes);
}

export type Outcome = 'complete' | 'failed' | 'abandoned';

/**
 * Watches a transfer to its real end: not when `get` returned, but when the last byte did. `onEnd` is called once,
 * with how many bytes were received and, for a failure, its reason.
 */
export function observed(
  reader: BlobReader,
  onEnd: (outcome: Outcome, receivedBytes: number, reason: unknown) => void,
): BlobReader {
  let outcome: Outcome = 'abandoned';
  let receivedBytes = 0;
  let cause: unknown;
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of reader) {
        receivedBytes += chunk.byteLength;
        yield chunk;
      }
      outcome = 'complete';
    } catch (reason) {
      outcome = 'failed';
      cause = reason;
      throw reason;
    }
  };
  return new BlobReader({
    sizeBytes: reader.sizeBytes,
    verifiedAs: reader.verifiedAs,
    recycle: reader.recycle,
    chunks: chunks(),
    release: async () => {
      await reader[Symbol.asyncDispose]();
      onEnd(outcome, receivedBytes, cause);
    },
  });
}
