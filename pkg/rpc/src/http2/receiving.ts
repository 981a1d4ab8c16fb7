import { ConnectionError, errorCode, windowUpdateFrame } from './frames.ts';
import type { Stream } from './stream.ts';

/** A window is returned when this part of it has been consumed: not with every message, nor too late for the next. */
const returnedPart = 1 / 4;

export interface ReceivingInit {
  /** What a client may send ahead, bytes: on one stream, and on all together. */
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
}

/** Keeps the books of what a client may send on one connection, and lets it send more as its bytes are consumed. */
export class Receiving {
  readonly #init: ReceivingInit;
  readonly #sendControl: (frame: Buffer) => void;
  #window: number;
  #returnable = 0;

  constructor(init: ReceivingInit, sendControl: (frame: Buffer) => void) {
    this.#init = init;
    this.#sendControl = sendControl;
    this.#window = init.connectionWindowBytes;
  }

  /** Bytes have come that nobody has consumed yet. False if its stream had no window for them; they are consumed then. */
  take(stream: Stream, bytes: number): boolean {
    this.#takeFromAll(bytes);
    stream.receiveWindow -= bytes;
    if (stream.receiveWindow >= 0) {
      stream.unconsumed += bytes;
      return true;
    }
    this.#returnToAll(bytes);
    return false;
  }

  /** Bytes have come for no stream. */
  discard(bytes: number): void {
    this.#takeFromAll(bytes);
    this.#returnToAll(bytes);
  }

  /** Lets the client send so much more, on the stream and on all. */
  consumed(stream: Stream, bytes: number): void {
    if (stream.isOver) return;
    stream.unconsumed -= bytes;
    this.#returnToAll(bytes);
    if (stream.hasClientEnded) return;
    stream.returnable += bytes;
    if (stream.returnable < this.#init.streamWindowBytes * returnedPart) return;
    stream.receiveWindow += stream.returnable;
    this.#sendControl(windowUpdateFrame(stream.id, stream.returnable));
    stream.returnable = 0;
  }

  /** The stream is over: what of it was not consumed never will be. */
  forget(stream: Stream): void {
    this.#returnToAll(stream.unconsumed);
    stream.unconsumed = 0;
  }

  #takeFromAll(bytes: number): void {
    this.#window -= bytes;
    if (this.#window < 0) throw new ConnectionError(errorCode.flowControl, 'more data than the connection’s window');
  }

  #returnToAll(bytes: number): void {
    this.#returnable += bytes;
    if (this.#returnable < this.#init.connectionWindowBytes * returnedPart) return;
    this.#window += this.#returnable;
    this.#sendControl(windowUpdateFrame(0, this.#returnable));
    this.#returnable = 0;
  }
}
