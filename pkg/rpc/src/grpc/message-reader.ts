import { Failure } from '@gorego/errors';

/** A message's frame: a byte of flags, the length in four bytes, and the message. */
export const messageHeaderBytes = 5;

const compressedFlag = 1;

/** A piece this much larger than what is wanted of it is copied, so that a small message does not hold on to it. */
const wastefulFactor = 2;

/**
 * A message that comes in pieces gets memory as it comes, not as it is announced: this first, which the 64 KiB that many
 * clients send at a time fit into with what goes before them, then four times as much.
 */
const firstBytes = 66 * 1024;
const growth = 4;

const nothing = Buffer.of();

/** Is told of each message when it is whole; it is the listener's from then on. */
export type OnMessage = (message: Buffer, isCompressed: boolean) => void;

/** Takes a body, as it comes, apart into messages. */
export class MessageReader {
  readonly #messageBytesMax: number;
  readonly #onMessage: OnMessage;
  readonly #header = Buffer.allocUnsafe(messageHeaderBytes);
  #headerBytes = 0;
  /** Of the message under way, once its header is known: how long it is, and what has come. */
  #wantedBytes = 0;
  #hereBytes = 0;
  #buffer: Buffer = nothing;

  constructor(messageBytesMax: number, onMessage: OnMessage) {
    this.#messageBytesMax = messageBytesMax;
    this.#onMessage = onMessage;
  }

  /** Whether the body may end here. */
  get isBetweenMessages(): boolean {
    return this.#headerBytes === 0;
  }

  /** What is here of a message that has not come whole. */
  get incompleteBytes(): number {
    return this.#hereBytes;
  }

  /** `resource_exhausted` for a message that is too long, before it is read; `invalid_argument` for flags that are none. */
  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.byteLength || this.#isWhole) {
      if (this.#headerBytes < messageHeaderBytes) at = this.#readHeader(bytes, at);
      else at = this.#readMessage(bytes, at);
    }
  }

  get #isWhole(): boolean {
    return this.#headerBytes === messageHeaderBytes && this.#wantedBytes === 0;
  }

  #readHeader(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.byteLength, at + messageHeaderBytes - this.#headerBytes);
    for (let i = at; i < end; i++) this.#header[this.#headerBytes++] = bytes[i] as number;
    if (this.#headerBytes === messageHeaderBytes) {
      const flags = this.#header[0] as number;
      if (flags > compressedFlag) throw new Failure('invalid_argument', `a message’s flags are ${flags}`);
      this.#wantedBytes = this.#header.readUInt32BE(1);
      if (this.#wantedBytes > this.#messageBytesMax) {
        const most = `${this.#messageBytesMax} is the most`;
        throw new Failure('resource_exhausted', `a message of ${this.#wantedBytes} bytes; ${most}`);
      }
    }
    return end;
  }

  #readMessage(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.byteLength, at + this.#wantedBytes - this.#hereBytes);
    if (end - at === this.#wantedBytes) this.#end(kept(bytes.subarray(at, end)));
    else {
      this.#collect(bytes.subarray(at, end));
      if (this.#hereBytes === this.#wantedBytes) this.#end(this.#buffer);
    }
    return end;
  }

  #collect(piece: Buffer): void {
    const neededBytes = this.#hereBytes + piece.byteLength;
    if (neededBytes > this.#buffer.byteLength) {
      const bytes = Math.max(firstBytes, growth * this.#buffer.byteLength, neededBytes);
      const grown = Buffer.allocUnsafe(Math.min(this.#wantedBytes, bytes));
      this.#buffer.copy(grown, 0, 0, this.#hereBytes);
      this.#buffer = grown;
    }
    this.#buffer.set(piece, this.#hereBytes);
    this.#hereBytes = neededBytes;
  }

  #end(message: Buffer): void {
    this.#buffer = nothing;
    this.#hereBytes = 0;
    this.#headerBytes = 0;
    this.#onMessage(message, this.#header[0] === compressedFlag);
  }
}

function kept(piece: Buffer): Buffer {
  return piece.buffer.byteLength > wastefulFactor * piece.byteLength ? Buffer.from(piece) : piece;
}
