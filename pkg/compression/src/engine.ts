import type { ZlibStream } from './format.ts';

/**
 * Drives a stream of Node's by pulling: whoever takes what comes out sets the pace, nothing is read ahead, and what
 * comes out for one input is all taken before the next goes in. Disposing it frees the stream's memory.
 */
export class Engine implements Disposable {
  readonly #make: () => ZlibStream;
  readonly #onFailure: (reason: unknown) => never;
  #stream: ZlibStream | undefined;
  #fedBytes = 0;
  #hasEnded = false;
  #failure: { readonly reason: unknown } | undefined;
  #wake: () => void = () => {};

  /** The stream is made when there is something to put into it; `onFailure` is called with what it fails with. */
  constructor(make: () => ZlibStream, onFailure: (reason: unknown) => never) {
    this.#make = make;
    this.#onFailure = onFailure;
  }

  /** What comes out for `bytes`. It is a failure if some of them are not used: they follow the end of what was compressed. */
  async *feed(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    this.#stream ??= this.#watched(this.#make());
    this.#fedBytes += bytes.byteLength;
    let isTaken = false;
    this.#stream.write(bytes, (reason) => {
      if (reason) this.#failure ??= { reason };
      isTaken = true;
      this.#wake();
    });
    yield* this.#readUntil(this.#stream, () => isTaken);
    const unusedBytes = this.#fedBytes - this.#stream.bytesWritten;
    if (unusedBytes > 0) this.#onFailure(new Error(`${unusedBytes} bytes or more follow its end`));
  }

  /** What still comes out when nothing more goes in; nothing if nothing ever did. */
  async *end(): AsyncGenerator<Uint8Array> {
    if (this.#stream === undefined) return;
    this.#stream.end();
    yield* this.#readUntil(this.#stream, () => this.#hasEnded);
  }

  #watched(stream: ZlibStream): ZlibStream {
    stream.on('readable', () => this.#wake());
    stream.on('error', (reason) => {
      this.#failure ??= { reason };
      this.#wake();
    });
    stream.on('end', () => {
      this.#hasEnded = true;
      this.#wake();
    });
    return stream;
  }

  async *#readUntil(stream: ZlibStream, isDone: () => boolean): AsyncGenerator<Uint8Array> {
    while (true) {
      const out: Uint8Array | null = stream.read();
      if (out !== null) {
        yield out;
        continue;
      }
      if (this.#failure !== undefined) this.#onFailure(this.#failure.reason);
      if (isDone()) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  [Symbol.dispose](): void {
    this.#stream?.destroy();
  }
}
