import { madeBuffers } from '@gorego/platform';

/** All are of one size: that of the largest piece in which files are read. */
export const spareBytes: number = 256 * 1024;

/** What is less is as cheaply had from the allocator, which keeps small memory by itself. */
const worthwhileBytes = 128 * 1024;

/** So many wait to be used again: what a few dozen readers have in flight. */
const sparesMax = 32;

/**
 * Buffers that are used again. A new one of this size is memory that the kernel has to find, clear and, when it is
 * collected, take back: nearly half of what it costs to read a large file that is in memory.
 */
export class SpareBuffers {
  readonly #spares: Buffer[] = [];
  /** Those that are out and may come back. */
  readonly #lent = new WeakMap<ArrayBufferLike, Buffer>();

  /** A buffer of so many bytes, with anything in it. */
  take(bytes: number): Buffer {
    if (bytes < worthwhileBytes || bytes > spareBytes) return made(bytes);
    const whole = this.#spares.pop() ?? made(spareBytes);
    this.#lent.set(whole.buffer, whole);
    return whole.subarray(0, bytes);
  }

  /** Nobody looks any more at a buffer that was taken, or at a part of it. Any other, and one twice, makes no difference. */
  giveBack(buffer: Uint8Array): void {
    const whole = this.#lent.get(buffer.buffer);
    if (whole === undefined) return;
    this.#lent.delete(buffer.buffer);
    if (this.#spares.length < sparesMax) this.#spares.push(whole);
  }
}

function made(bytes: number): Buffer {
  madeBuffers(bytes);
  return Buffer.allocUnsafeSlow(bytes);
}
