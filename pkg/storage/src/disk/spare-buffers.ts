/** The largest: as large as the largest piece in which files are read. */
export const spareBytesMax: number = 256 * 1024;

/** What is less is shared or copied in any case. */
export const spareBytesMin: number = 32 * 1024;

/** What waits to be used again, at most: what a few dozen readers have in flight. */
const waitingBytesMax = 8 * 1024 * 1024;

/** Memory that its owner knows again. Its length is a power of two. */
class Memory extends ArrayBuffer {
  readonly owner: SpareBuffers;
  isLent = true;

  constructor(owner: SpareBuffers, bytes: number) {
    super(bytes);
    this.owner = owner;
  }
}

/**
 * Buffers that are used again. New ones are garbage soon, and large ones memory that the kernel has to find, clear and
 * take back: nearly half of what it costs to read a large file that is in memory.
 */
export class SpareBuffers {
  /** By the base-2 logarithm of their length. */
  readonly #waiting = new Map<number, Memory[]>();
  #waitingBytes = 0;

  /** A buffer of so many bytes, with anything in it. */
  take(bytes: number): Buffer {
    if (bytes < spareBytesMin || bytes > spareBytesMax) return Buffer.allocUnsafeSlow(bytes);
    const order = orderOf(bytes);
    const memory = this.#waiting.get(order)?.pop();
    if (memory === undefined) return Buffer.from(new Memory(this, 2 ** order), 0, bytes);
    this.#waitingBytes -= memory.byteLength;
    memory.isLent = true;
    return Buffer.from(memory, 0, bytes);
  }

  /** Nobody looks any more at a buffer that was taken, or at a part of it. Any other, and one twice, makes no difference. */
  giveBack({ buffer: memory }: Uint8Array): void {
    if (!(memory instanceof Memory) || memory.owner !== this || !memory.isLent) return;
    memory.isLent = false;
    if (this.#waitingBytes + memory.byteLength > waitingBytesMax) return;
    this.#waitingBytes += memory.byteLength;
    const order = orderOf(memory.byteLength);
    const waiting = this.#waiting.get(order);
    if (waiting === undefined) this.#waiting.set(order, [memory]);
    else waiting.push(memory);
  }
}

/** The base-2 logarithm of the least power of two that holds so many bytes. */
function orderOf(bytes: number): number {
  return 32 - Math.clz32(bytes - 1);
}
