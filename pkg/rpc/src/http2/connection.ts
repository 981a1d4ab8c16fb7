import type { Socket } from 'node:net';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import {
  ConnectionError,
  defaultFrameBytesMax,
  defaultWindowBytes,
  errorCode,
  flag,
  frame,
  frameType,
  goAwayFrame,
  resetFrame,
  setting,
  settingsFrame,
  windowBytesMax,
  windowUpdateFrame,
} from './frames.ts';
import { type HeaderBlock, HeaderBlocks, parentOf } from './header-blocks.ts';
import type { HeaderField } from './hpack/header-decoder.ts';
import { Receiving, type ReceivingInit } from './receiving.ts';
import { areTrailers, type RequestHead, requestHeadOf } from './request-head.ts';
import { Sending } from './sending.ts';
import { settingsIn } from './settings.ts';
import { Stream } from './stream.ts';
import { Streams } from './streams.ts';

/** The largest list of header fields, by HTTP/2's measure. Clients send tokens of some kilobytes. */
const headerListBytesMax = 64 * 1024;

/** Answers to PING and SETTINGS that a client has not read. Beyond it, nothing more is read from it either. */
const unreadBytesMax = 256 * 1024;

/** What a client may still send when it has its answer: as much as is on its way to the far end of the world. */
const discardedBytesMax = 16 * 1024 * 1024;

const nothing = Buffer.of();
const bug = new ConnectionError(errorCode.internal, 'internal error');

export interface ConnectionInit extends ReceivingInit {
  /** Requests at once, those included whose client has left while they are still being answered. */
  readonly streamsMax: number;
  /** A request has come. Whoever hears of its stream sets its listener at once. */
  readonly onRequest: (connection: Connection, stream: Stream, head: RequestHead) => void;
  /** Is told of what should not have been thrown. The connection is given up. */
  readonly onBug: (reason: unknown) => void;
}

/**
 * The server's side of one HTTP/2 connection (RFC 9113): streams of requests and answers, flow control both ways. It
 * knows nothing of gRPC. A client that breaks the rules loses the stream or the connection, as the rules say.
 */
export class Connection implements FrameSink {
  readonly #socket: Socket;
  readonly #init: ConnectionInit;
  readonly #reader = new FrameReader(this, defaultFrameBytesMax);
  readonly #blocks = new HeaderBlocks(headerListBytesMax);
  readonly #streams = new Streams();
  readonly #sending: Sending;
  readonly #receiving: Receiving;
  /** Streams from here on are refused: the client has been told to go elsewhere. */
  #refusedFrom = Number.POSITIVE_INFINITY;
  /** Requests whose answering is not over; see `release`. */
  #held = 0;
  #initialSendWindow = defaultWindowBytes;
  #hasSettings = false;
  #isFlushDue = false;
  #isOver = false;
  /** Of the DATA frame under way; undefined if nobody wants it. */
  #dataStream: Stream | undefined;

  constructor(socket: Socket, init: ConnectionInit) {
    this.#socket = socket;
    this.#init = init;
    this.#sending = new Sending(socket, (stream) => this.#onAnswered(stream));
    this.#receiving = new Receiving(init, (frame) => this.#control(frame));
    const settings = [
      [setting.streamsMax, init.streamsMax],
      [setting.initialWindow, init.streamWindowBytes],
      [setting.headerListBytesMax, headerListBytesMax],
    ] as const;
    this.#control(settingsFrame(settings));
    this.#control(windowUpdateFrame(0, init.connectionWindowBytes - defaultWindowBytes));
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('drain', () => this.#onDrain());
    socket.on('close', () => this.#onLost());
    socket.resume();
  }

  /** Sends a header block, before any data of the stream. */
  respond(stream: Stream, block: Buffer): void {
    if (stream.isOver) return;
    this.#sending.headers(stream, block);
    this.#wake();
  }

  /** Sends data; its pieces must not change until `onSent` is told, which it isn't if the stream is over before. */
  send(stream: Stream, pieces: readonly Uint8Array[], onSent?: () => void): void {
    if (stream.isOver) return;
    this.#sending.data(stream, pieces, onSent);
    this.#wake();
  }

  /** Ends the answer when its data has gone, with a header block if there is one. */
  end(stream: Stream, block: Buffer = nothing): void {
    if (stream.isOver) return;
    this.#sending.end(stream, block);
    this.#wake();
  }

  /** Lets the client send so much more, having made use of what it has sent. */
  consumed(stream: Stream, bytes: number): void {
    this.#receiving.consumed(stream, bytes);
  }

  /** The answering of a request is over, for whatever reason: there is room for another. To be called once for each. */
  release(): void {
    this.#held--;
    this.#closeIfDone();
  }

  /** Takes no new requests; closes when those there are have been answered. */
  drain(): void {
    if (this.#isOver) return;
    this.#refusedFrom = this.#streams.last + 1;
    this.#control(goAwayFrame(this.#streams.last, errorCode.none, ''));
    this.#closeIfDone();
  }

  onDataBegin(id: number, flowBytes: number): void {
    this.#expectNoBlock();
    const stream = this.#streams.get(id);
    this.#dataStream = undefined;
    if (stream === undefined || stream.hasClientEnded) {
      this.#receiving.discard(flowBytes);
      this.#onUnexpectedData(id, stream);
    } else if (this.#receiving.take(stream, flowBytes)) {
      if (stream.isAnswered) this.#discard(stream);
      this.#dataStream = stream;
    } else this.#reset(stream, errorCode.flowControl);
  }

  onData(_id: number, bytes: Buffer): void {
    const stream = this.#dataStream;
    if (stream === undefined || stream.isOver || stream.isAnswered) return;
    if (stream.announcedBytes !== undefined) stream.announcedBytes -= bytes.byteLength;
    stream.listener?.onBody(bytes);
  }

  onDataEnd(_id: number, paddingBytes: number, isEndOfStream: boolean): void {
    const stream = this.#dataStream;
    if (stream === undefined || stream.isOver) return;
    if (!stream.isAnswered && paddingBytes > 0) this.consumed(stream, paddingBytes);
    if (isEndOfStream) this.#onClientEnd(stream);
  }

  onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    if (!this.#hasSettings && type !== frameType.settings) {
      throw new ConnectionError(errorCode.protocol, 'the first frame is not SETTINGS');
    }
    if (type !== frameType.continuation) this.#expectNoBlock();
    switch (type) {
      case frameType.headers:
        expectStream(id, 'HEADERS');
        this.#onBlock(this.#blocks.begin(flags, id, payload));
        return;
      case frameType.continuation:
        this.#onBlock(this.#blocks.go(flags, id, payload));
        return;
      case frameType.priority:
        expectStream(id, 'PRIORITY');
        this.#onPriority(id, payload);
        return;
      case frameType.resetStream:
        expectStream(id, 'RST_STREAM');
        expectBytes(payload, 4, 'RST_STREAM');
        this.#onReset(id);
        return;
      case frameType.settings:
        expectNoStream(id, 'SETTINGS');
        this.#onSettings((flags & flag.acknowledge) !== 0, payload);
        return;
      case frameType.ping:
        expectNoStream(id, 'PING');
        expectBytes(payload, 8, 'PING');
        if ((flags & flag.acknowledge) === 0) this.#control(frame(frameType.ping, flag.acknowledge, 0, payload));
        return;
      case frameType.goAway:
        expectNoStream(id, 'GOAWAY'); // It will open no more streams; those there are go on.
        return;
      case frameType.windowUpdate:
        expectBytes(payload, 4, 'WINDOW_UPDATE');
        this.#onWindowUpdate(id, payload.readUInt32BE(0) & windowBytesMax);
        return;
      case frameType.pushPromise:
        throw new ConnectionError(errorCode.protocol, 'a client does not push');
      default: // What isn't known is ignored (RFC 9113, section 4.1).
    }
  }

  #receive(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#reader.push(chunk);
    } catch (reason) {
      if (!(reason instanceof ConnectionError)) this.#init.onBug(reason);
      this.#breakOff(reason instanceof ConnectionError ? reason : bug);
    }
    if (this.#sending.unreadBytes > unreadBytesMax) this.#socket.pause();
  }

  #onDrain(): void {
    this.#sending.onDrain();
    this.#socket.resume();
    this.#flush();
  }

  #onBlock(block: HeaderBlock | undefined): void {
    if (block === undefined) return;
    const { stream: id, fields, isEndOfStream, isOwnParent } = block;
    const stream = this.#streams.get(id);
    if (stream !== undefined && !stream.hasClientEnded) {
      if (isEndOfStream && fields !== undefined && areTrailers(fields)) this.#onClientEnd(stream);
      else this.#reset(stream, errorCode.protocol);
      return;
    }
    if (stream !== undefined || id <= this.#streams.last) {
      if (stream === undefined && this.#streams.wasCutOff(id)) return;
      throw new ConnectionError(errorCode.streamClosed, `HEADERS of stream ${id}, which is over`);
    }
    this.#streams.begin(id);
    const isFull = Math.max(this.#held, this.#streams.size) >= this.#init.streamsMax;
    if (isOwnParent) this.#cut(id, errorCode.protocol);
    else if (isFull || id >= this.#refusedFrom) this.#cut(id, errorCode.refusedStream);
    else this.#open(id, fields, isEndOfStream);
  }

  #open(id: number, fields: readonly HeaderField[] | undefined, isEndOfStream: boolean): void {
    const head = fields && requestHeadOf(fields);
    if (head === undefined || (isEndOfStream && (head.contentBytes ?? 0) > 0)) {
      this.#cut(id, fields === undefined ? errorCode.enhanceYourCalm : errorCode.protocol);
      return;
    }
    const stream = new Stream(id, { receive: this.#init.streamWindowBytes, send: this.#initialSendWindow });
    stream.announcedBytes = head.contentBytes;
    stream.hasClientEnded = isEndOfStream;
    this.#streams.add(stream);
    this.#held++;
    this.#init.onRequest(this, stream, head);
    if (isEndOfStream) stream.listener?.onBodyEnd();
  }

  #onClientEnd(stream: Stream): void {
    if (!stream.isAnswered && (stream.announcedBytes ?? 0) !== 0) {
      this.#reset(stream, errorCode.protocol); // Its body is not what content-length said (RFC 9113, section 8.1.1).
      return;
    }
    stream.hasClientEnded = true;
    if (stream.isAnswered) this.#forget(stream);
    else stream.listener?.onBodyEnd();
  }

  #onUnexpectedData(id: number, stream: Stream | undefined): void {
    this.#streams.expectBegun(id, 'DATA');
    if (stream !== undefined) this.#reset(stream, errorCode.streamClosed);
    else if (!this.#streams.wasCutOff(id)) this.#control(resetFrame(id, errorCode.streamClosed));
  }

  #onPriority(id: number, payload: Buffer): void {
    const isRight = payload.byteLength === 5;
    if (isRight && parentOf(payload, 0) !== id) return; // Streams take turns, whatever a client prefers.
    const stream = this.#streams.get(id);
    const code = isRight ? errorCode.protocol : errorCode.frameSize;
    if (stream !== undefined) this.#reset(stream, code);
    else this.#control(resetFrame(id, code));
  }

  #onReset(id: number): void {
    this.#streams.expectBegun(id, 'RST_STREAM');
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#leave(stream);
  }

  #onSettings(isAcknowledgement: boolean, payload: Buffer): void {
    this.#hasSettings = true;
    if (isAcknowledgement) {
      expectBytes(payload, 0, 'an acknowledgement of SETTINGS');
      return;
    }
    const { initialWindow, frameBytesMax } = settingsIn(payload);
    if (frameBytesMax !== undefined) this.#sending.setFrameBytesMax(frameBytesMax);
    if (initialWindow !== undefined) {
      const more = initialWindow - this.#initialSendWindow;
      this.#initialSendWindow = initialWindow;
      for (const stream of this.#streams.all()) this.#widen(stream, more);
    }
    this.#control(frame(frameType.settings, flag.acknowledge, 0, nothing));
  }

  #onWindowUpdate(id: number, bytes: number): void {
    const stream = this.#streams.get(id);
    if (id === 0) {
      if (bytes === 0) throw new ConnectionError(errorCode.protocol, 'WINDOW_UPDATE of 0 bytes');
      this.#sending.widen(bytes);
      this.#wake();
    } else if (stream === undefined) this.#streams.expectBegun(id, 'WINDOW_UPDATE');
    else if (bytes === 0) this.#reset(stream, errorCode.protocol);
    else this.#widen(stream, bytes);
  }

  #widen(stream: Stream, bytes: number): void {
    this.#sending.widenStream(stream, bytes);
    if (stream.sendWindow > windowBytesMax) this.#reset(stream, errorCode.flowControl);
    else this.#wake();
  }

  /**
   * The answer is on its way, with its end. A client that is sending still will stop when it sees that; until then, what
   * it sends is discarded. To reset the stream at once would be right too (section 8.1), but Node's client then loses
   * the answer now and then.
   */
  #onAnswered(stream: Stream): void {
    stream.isAnswered = true;
    if (stream.hasClientEnded) this.#forget(stream);
    else this.#discard(stream);
  }

  #discard(stream: Stream): void {
    stream.discarded += stream.unconsumed;
    this.consumed(stream, stream.unconsumed);
    if (stream.discarded <= discardedBytesMax) return;
    this.#cut(stream.id, errorCode.none);
    this.#forget(stream);
  }

  /** Ends a stream for an error of the client. */
  #reset(stream: Stream, code: number): void {
    this.#cut(stream.id, code);
    this.#leave(stream);
  }

  #cut(id: number, code: number): void {
    this.#control(resetFrame(id, code));
    this.#streams.cutOff(id);
  }

  #leave(stream: Stream): void {
    this.#forget(stream);
    if (!stream.isAnswered) stream.listener?.onGone();
  }

  #forget(stream: Stream): void {
    stream.isOver = true;
    this.#streams.delete(stream);
    this.#sending.drop(stream);
    this.#receiving.forget(stream);
    this.#closeIfDone();
  }

  #expectNoBlock(): void {
    if (this.#blocks.isOpen) throw new ConnectionError(errorCode.protocol, 'another frame within a header block');
  }

  #control(frame: Buffer): void {
    this.#sending.control(frame);
    this.#wake();
  }

  /** Sends what there is once all that has come in this turn of the event loop has been heard. */
  #wake(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushDue = false;
    if (!this.#socket.destroyed) this.#sending.flush();
  }

  /** Says why, and hangs up. */
  #breakOff({ code, message }: ConnectionError): void {
    this.#sending.control(goAwayFrame(this.#streams.last, code, message));
    this.#flush();
    this.#onLost();
    this.#socket.destroySoon();
  }

  #onLost(): void {
    this.#isOver = true;
    for (const stream of this.#streams.all()) this.#leave(stream);
  }

  #closeIfDone(): void {
    const isDraining = this.#refusedFrom !== Number.POSITIVE_INFINITY;
    if (this.#isOver || !isDraining || this.#held > 0 || this.#streams.size > 0) return;
    this.#isOver = true;
    setImmediate(() => {
      this.#flush();
      this.#socket.destroySoon();
    });
  }
}

function expectStream(id: number, what: string): void {
  if (id === 0) throw new ConnectionError(errorCode.protocol, `${what} without a stream`);
}

function expectNoStream(id: number, what: string): void {
  if (id !== 0) throw new ConnectionError(errorCode.protocol, `${what} of stream ${id}`);
}

function expectBytes(payload: Buffer, bytes: number, what: string): void {
  if (payload.byteLength !== bytes) {
    throw new ConnectionError(errorCode.frameSize, `${what} of ${payload.byteLength} bytes instead of ${bytes}`);
  }
}
