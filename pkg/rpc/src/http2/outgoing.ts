import type { Socket } from 'node:net';
import { frameHeaderBytes, writeFrameHeader } from './frames.ts';

/**
 * Bytes are copied together in blocks, so that a thousand small frames are one write: small ones first, for the sake of
 * connections that hardly say anything.
 */
const firstBlockBytes = 512;
const blockBytesMax = 32 * 1024;

/** Beyond this, a copy costs more than a piece of its own. */
const copiedBytesMax = 2048;

/** Gathers what goes to one socket until it is flushed. What is large goes as it is, without a copy: it must not change. */
export class Outgoing {
  #block: Buffer = Buffer.allocUnsafeSlow(firstBlockBytes);
  /** In `#block`: where what has not become a piece begins, and ends. */
  #start = 0;
  #end = 0;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #onFlushed: (() => void)[] = [];

  /** What is waiting to be flushed. */
  get bytes(): number {
    return this.#bytes;
  }

  header(length: number, type: number, flags: number, stream: number): void {
    this.#room(frameHeaderBytes);
    writeFrameHeader(this.#block, this.#end, { length, type, flags, stream });
    this.#end += frameHeaderBytes;
    this.#bytes += frameHeaderBytes;
  }

  push(bytes: Uint8Array): void {
    this.pushPart(bytes, 0, bytes.byteLength);
  }

  pushPart(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#bytes += length;
    if (length > copiedBytesMax) {
      this.#endPiece();
      this.#pieces.push(Buffer.from(bytes.buffer, bytes.byteOffset + start, length));
      return;
    }
    this.#room(length);
    this.#block.set(length === bytes.byteLength ? bytes : bytes.subarray(start, end), this.#end);
    this.#end += length;
  }

  /** Tells `onFlushed` when the socket is done with all that was pushed until now. It isn't told if the socket breaks. */
  onFlushed(onFlushed: () => void): void {
    this.#onFlushed.push(onFlushed);
  }

  /** Hands all of it to the socket, in one system call if that takes it. */
  flush(socket: Socket): void {
    this.#endPiece();
    const pieces = this.#pieces;
    const last = pieces.pop();
    if (last === undefined) return;
    this.#pieces = [];
    this.#bytes = 0;
    if (pieces.length > 0) socket.cork();
    for (const piece of pieces) socket.write(piece);
    if (this.#onFlushed.length === 0) socket.write(last);
    else socket.write(last, teller(this.#onFlushed));
    this.#onFlushed = [];
    if (pieces.length > 0) socket.uncork();
  }

  #room(bytes: number): void {
    if (this.#end + bytes <= this.#block.byteLength) return;
    this.#endPiece();
    const doubleBytes = Math.min(2 * this.#block.byteLength, blockBytesMax);
    this.#block = Buffer.allocUnsafeSlow(Math.max(doubleBytes, bytes)); // What the last one has is on its way.
    this.#start = 0;
    this.#end = 0;
  }

  #endPiece(): void {
    if (this.#end === this.#start) return;
    this.#pieces.push(this.#block.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}

function teller(listeners: readonly (() => void)[]): (error?: Error | null) => void {
  return (error) => {
    if (error) return;
    for (const listener of listeners) listener();
  };
}
