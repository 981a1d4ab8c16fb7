import type { Message } from '../route.ts';

/**
 * A message as grpc-js's server asks for it, which is as a Buffer of which it wants nothing but its length and a copy
 * behind its own header. A message of several parts gives just that, and is put together once: each large buffer more
 * is garbage that counts as memory outside of the heap, and for every 64 MiB of it V8 collects all there is.
 */
export function gathered(message: Message): Buffer {
  if (message instanceof Uint8Array) return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  return new Gathered(message) as unknown as Buffer;
}

class Gathered implements Pick<Buffer, 'byteLength' | 'copy'> {
  readonly byteLength: number;
  readonly #parts: readonly Uint8Array[];

  constructor(parts: readonly Uint8Array[]) {
    this.byteLength = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.#parts = parts;
  }

  copy(target: Uint8Array, targetStart = 0): number {
    let at = targetStart;
    for (const part of this.#parts) {
      target.set(part, at);
      at += part.byteLength;
    }
    return this.byteLength;
  }
}
