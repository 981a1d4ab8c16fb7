import type { Socket } from 'node:net';
import {
  ConnectionError,
  defaultFrameBytesMax,
  defaultWindowBytes,
  errorCode,
  flag,
  frameType,
  windowBytesMax,
} from './frames.ts';
import { Outgoing } from './outgoing.ts';
import type { Stream } from './stream.ts';

/** What is handed to a socket at a time. The next is made when all of that has left. */
const flushBytesMax = 512 * 1024;

/** What one stream may send before it is another's turn. */
const turnBytes = 64 * 1024;

/** So many pieces that were sent may stay in a queue that isn't empty; or as many as wait in it. */
const sentMax = 4;

/** No frame is made larger, even if the client takes it: the others wait for its end. */
const frameBytesMax = 64 * 1024;

/**
 * How a connection's first header block begins: the table has no room (RFC 7541, section 6.3). It is never used, so the
 * client may change its size as it likes.
 */
const noTable = Buffer.of(0x20);

/** What goes to the client of one connection: streams take turns, within the windows the client grants. */
export class Sending {
  readonly #socket: Socket;
  readonly #outgoing = new Outgoing();
  /** Streams that have something to send and may. */
  readonly #line: Stream[] = [];
  #window = defaultWindowBytes;
  #frameBytesMax = defaultFrameBytesMax;
  #hasSentBlock = false;
  #unreadBytes = 0;
  readonly #onSent: (stream: Stream) => void;

  /** `onSent` is told of each stream whose trailers are on their way. */
  constructor(socket: Socket, onSent: (stream: Stream) => void) {
    this.#socket = socket;
    this.#onSent = onSent;
  }

  /** Frames other than data that the client has not read, as far as is known. */
  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  control(frame: Uint8Array): void {
    this.#unreadBytes += frame.byteLength;
    this.#outgoing.push(frame);
  }

  /** The socket has taken all it was given. */
  onDrain(): void {
    this.#unreadBytes = 0;
  }

  /** A header block, before any data of its stream. */
  headers(stream: Stream, block: Buffer): void {
    this.#block(stream.id, block, flag.endHeaders);
  }

  /** Queues pieces of data, which must not change until `onSent` is told: when the kernel has a copy of the last. */
  data(stream: Stream, pieces: readonly Uint8Array[], onSent?: () => void): void {
    for (const piece of pieces) {
      stream.queue.push(piece);
      stream.queuedBytes += piece.byteLength;
    }
    const last = pieces.at(-1);
    if (onSent !== undefined && last !== undefined) stream.lent.push({ last, onSent });
    this.#enter(stream);
  }

  /** Ends the stream when its data has been sent, with a header block unless that is empty. */
  end(stream: Stream, trailers: Buffer): void {
    if (stream.queuedBytes > 0) stream.trailers = trailers;
    else this.#finish(stream, trailers);
  }

  /** Forgets what a stream has not sent. */
  drop(stream: Stream): void {
    stream.queue = [];
    stream.queueAt = 0;
    stream.queueByte = 0;
    stream.queuedBytes = 0;
    stream.lent = [];
    stream.trailers = undefined;
  }

  /** Takes a window the client grants to the connection. */
  widen(bytes: number): void {
    this.#window += bytes;
    if (this.#window > windowBytesMax) {
      throw new ConnectionError(errorCode.flowControl, `a window of ${this.#window} bytes`);
    }
  }

  /** The same for a stream; a client that changes its mind may take some back. */
  widenStream(stream: Stream, bytes: number): void {
    stream.sendWindow += bytes;
    this.#enter(stream);
  }

  setFrameBytesMax(bytes: number): void {
    this.#frameBytesMax = Math.min(bytes, frameBytesMax);
  }

  /** Hands to the socket what may be sent now, unless it still has enough; what is left waits for the next time. */
  flush(): void {
    while (this.#window > 0 && this.#outgoing.bytes < flushBytesMax && !this.#socket.writableNeedDrain) {
      const stream = this.#line.shift();
      if (stream === undefined) break;
      stream.isInLine = false;
      if (!stream.isOver) this.#takeTurn(stream);
    }
    this.#outgoing.flush(this.#socket);
    if (!this.#socket.writableNeedDrain) this.#unreadBytes = 0;
  }

  #enter(stream: Stream): void {
    if (stream.isInLine || stream.queuedBytes === 0 || stream.sendWindow <= 0) return;
    stream.isInLine = true;
    this.#line.push(stream);
  }

  #takeTurn(stream: Stream): void {
    let budget = turnBytes;
    while (budget > 0) {
      const bytes = Math.min(stream.queuedBytes, stream.sendWindow, this.#window, this.#frameBytesMax, budget);
      if (bytes <= 0) break;
      this.#frame(stream, bytes);
      budget -= bytes;
    }
    if (stream.queuedBytes === 0 && stream.trailers !== undefined) this.#finish(stream, stream.trailers);
    else this.#enter(stream);
    stream.listener?.onRoom();
  }

  #frame(stream: Stream, bytes: number): void {
    this.#outgoing.header(bytes, frameType.data, 0, stream.id);
    stream.queuedBytes -= bytes;
    stream.sendWindow -= bytes;
    this.#window -= bytes;
    let missing = bytes;
    while (missing > 0) {
      const piece = stream.queue[stream.queueAt] as Uint8Array;
      const end = Math.min(piece.byteLength, stream.queueByte + missing);
      this.#outgoing.pushPart(piece, stream.queueByte, end);
      missing -= end - stream.queueByte;
      stream.queueByte = end;
      if (end < piece.byteLength) continue;
      stream.queueAt++;
      stream.queueByte = 0;
      const [lent] = stream.lent;
      if (lent?.last !== piece) continue;
      stream.lent.shift();
      this.#outgoing.onFlushed(lent.onSent);
    }
    const waiting = stream.queue.length - stream.queueAt;
    if (waiting > 0 && stream.queueAt < Math.max(sentMax, waiting)) return;
    stream.queue.splice(0, stream.queueAt);
    stream.queueAt = 0;
  }

  #finish(stream: Stream, trailers: Buffer): void {
    stream.trailers = undefined;
    if (trailers.byteLength > 0) this.#block(stream.id, trailers, flag.endHeaders | flag.endStream);
    else this.#outgoing.header(0, frameType.data, flag.endStream, stream.id);
    this.#onSent(stream);
  }

  #block(stream: number, block: Buffer, flags: number): void {
    const prefix = this.#hasSentBlock ? 0 : noTable.byteLength;
    this.#outgoing.header(prefix + block.byteLength, frameType.headers, flags, stream);
    if (prefix > 0) this.#outgoing.push(noTable);
    this.#hasSentBlock = true;
    this.#outgoing.push(block);
  }
}
