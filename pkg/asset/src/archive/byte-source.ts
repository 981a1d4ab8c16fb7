import { badArchive } from './archive-entry.ts';

/** Bytes that come in pieces, taken by the number. Its owner disposes it. */
export class ByteSource implements AsyncDisposable {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array();

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#iterator = chunks[Symbol.asyncIterator]();
  }

  /** Exactly `length` bytes; undefined if none at all are left. */
  async read(length: number): Promise<Buffer | undefined> {
    const pieces: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      const piece = await this.#piece(missing);
      if (piece === undefined) {
        if (missing === length) return undefined;
        throw badArchive('ends in the middle');
      }
      pieces.push(piece);
      missing -= piece.byteLength;
    }
    return Buffer.concat(pieces, length);
  }

  /** The next `length` bytes, as they come. */
  async *stream(length: number): AsyncGenerator<Uint8Array> {
    let missing = length;
    while (missing > 0) {
      const piece = await this.#piece(missing);
      if (piece === undefined) throw badArchive('ends in the middle');
      missing -= piece.byteLength;
      yield piece;
    }
  }

  async #piece(limit: number): Promise<Uint8Array | undefined> {
    while (this.#held.byteLength === 0) {
      const { done, value } = await this.#iterator.next();
      if (done === true) return undefined;
      this.#held = value;
    }
    const piece = this.#held.subarray(0, limit);
    this.#held = this.#held.subarray(limit);
    return piece;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#iterator.return?.();
  }
}
