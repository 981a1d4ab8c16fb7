/** Hears what a client does on one stream. */
export interface StreamListener {
  /** A part of the request's body. Until `consumed` says so, the client can't send a window more than this. */
  onBody(bytes: Buffer): void;
  /** The client has sent all it will. */
  onBodyEnd(): void;
  /** The stream is over before its time: reset, or its connection was lost. What is sent to it goes nowhere. */
  onGone(): void;
  /** Some of what was queued has left. */
  onRoom(): void;
}

/** A request on its way through a connection, by the connection's books. */
export class Stream {
  readonly id: number;
  listener: StreamListener | undefined;

  /** What the client may still send; what of that sent has not been consumed; and what has, and was not returned yet. */
  receiveWindow: number;
  unconsumed = 0;
  returnable = 0;
  hasClientEnded = false;
  /** What the request's content-length has announced and has not come yet. */
  announcedBytes: number | undefined;

  /** What may be sent to the client. Negative when the client has made its window smaller. */
  sendWindow: number;
  /** What waits to be sent, from byte `queueByte` of piece `queueAt`, and then the header block that ends it all. */
  queue: Uint8Array[] = [];
  queueAt = 0;
  queueByte = 0;
  queuedBytes = 0;
  /** Who waits for a piece in the queue to be sent, in the queue's order. */
  lent: { readonly last: Uint8Array; readonly onSent: () => void }[] = [];
  trailers: Buffer | undefined;
  /** Whether it is in line to send. */
  isInLine = false;
  /** Whether the answer is on its way, with its end; and what has been discarded of the request since. */
  isAnswered = false;
  discarded = 0;
  isOver = false;

  constructor(id: number, windows: { receive: number; send: number }) {
    this.id = id;
    this.receiveWindow = windows.receive;
    this.sendWindow = windows.send;
  }
}
