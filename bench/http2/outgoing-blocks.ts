import { FrameType, frameHeaderBytes, writeFrameHeader } from './frames.ts';

/** No single frame is larger than a quarter of it. */
export const blockBytes: number = 256 * 1024;

/** Collects frames in blocks, so that one system call sends many of them. */
export class OutgoingBlocks {
  readonly #write: (bytes: Buffer) => void;
  #block = Buffer.allocUnsafe(blockBytes);
  #from = 0;
  #to = 0;

  /** `write` sends bytes, and keeps them until they are sent. */
  constructor(write: (bytes: Buffer) => void) {
    this.#write = write;
  }

  add(bytes: Buffer): void {
    this.#reserve(bytes.length);
    this.#block.set(bytes, this.#to);
    this.#to += bytes.length;
  }

  addData(stream: number, flags: number, payload: Uint8Array): void {
    this.#reserve(frameHeaderBytes + payload.byteLength);
    const at = writeFrameHeader(this.#block, this.#to, payload.byteLength, FrameType.data, flags, stream);
    this.#block.set(payload, at);
    this.#to = at + payload.byteLength;
  }

  flush(): void {
    if (this.#from === this.#to) return;
    this.#write(this.#block.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }

  #reserve(bytes: number): void {
    if (this.#to + bytes <= blockBytes) return;
    this.flush();
    this.#block = Buffer.allocUnsafe(blockBytes); // The old one is the writer's until it is sent.
    [this.#from, this.#to] = [0, 0];
  }
}
