import { Failure } from '@gorego/errors';
import type { Chunks, CodecName, Expected } from './codec.ts';

/**
 * Counts what goes into a decompressor and what comes out, and refuses the stream when it is not what was expected.
 *
 * What goes in is bounded too: compressed bytes that hold nothing (empty frames, padding) could go on for ever.
 */
export class Count {
  readonly #name: CodecName;
  readonly #expected: Expected;
  #inBytes = 0;
  #outBytes = 0;

  constructor(name: CodecName, expected: Expected) {
    this.#name = name;
    this.#expected = expected;
  }

  /** How many bytes may still come out. */
  get leftBytes(): number {
    return this.#expected.bytesMax - this.#outBytes;
  }

  in(bytes: Uint8Array): Uint8Array {
    this.#inBytes += bytes.byteLength;
    const most = compressedBytesMax(this.#expected.bytesMax);
    if (this.#inBytes > most) {
      this.refuse(
        `${this.#inBytes} compressed bytes for at most ${this.#expected.bytesMax}; no more than ${most} are taken`,
      );
    }
    return bytes;
  }

  async *allIn(chunks: Chunks): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) yield this.in(chunk);
  }

  out(bytes: Uint8Array): Uint8Array {
    this.#outBytes += bytes.byteLength;
    if (this.leftBytes < 0) this.tooMuch();
    return bytes;
  }

  async *allOut(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) yield this.out(chunk);
  }

  end(): void {
    const { bytesMin = 0 } = this.#expected;
    if (this.#outBytes < bytesMin) this.refuse(`it holds ${this.#outBytes} bytes instead of ${bytesMin}`);
  }

  tooMuch(): never {
    return this.refuse(`it holds more than ${this.#expected.bytesMax} bytes`);
  }

  refuse(why: string, cause?: unknown): never {
    const { code = 'invalid_argument' } = this.#expected;
    throw new Failure(code, `not the ${this.#name} stream that was expected: ${why}`, { cause });
  }

  /** Refuses the stream for what the decompressor fails with; unless there is no memory, which is nobody's fault. */
  failed(reason: unknown): never {
    const { code, message } = reason as { code?: unknown; message: string };
    if (code === 'ERR_BUFFER_TOO_LARGE') this.tooMuch();
    if (String(code).match(/mem/i))
      throw new Failure('resource_exhausted', `${this.#name}: ${message}`, { cause: reason });
    return this.refuse(message, reason);
  }
}

/** No compressor makes more of as many bytes, however it is flushed, unless it means to. */
function compressedBytesMax(bytes: number): number {
  return bytes + Math.ceil(bytes / 8) + 64 * 1024;
}
