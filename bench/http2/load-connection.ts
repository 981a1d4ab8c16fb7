import { connect, type Socket } from 'node:net';
import { Flag, FrameReader, FrameType, frame, Setting, settingsFrame, uint32Frame } from './frames.ts';
import { HeaderEncoder, tableBytesMax } from './header-encoder.ts';
import { blockBytes, OutgoingBlocks } from './outgoing-blocks.ts';

/** One call: where its request body comes from, and who hears of its response. */
export interface LoadCall {
  /** The next piece of the request body, framed for gRPC; undefined when there is no more. Kept until it is sent. */
  next(): Uint8Array | undefined;
  /** A part of the response body. Lent until this returns. */
  onData(bytes: Buffer): void;
  /** The response is complete, or will never be, for the reason given. gRPC's status is not looked at. */
  onEnd(problem: string | undefined): void;
}

export interface LoadConnectionOptions {
  /** What the server may send ahead of being read on one stream, bytes. */
  readonly streamWindowBytes?: number;
}

interface Stream {
  readonly id: number;
  readonly call: LoadCall;
  piece: Uint8Array | undefined;
  following: Uint8Array | undefined;
  at: number;
  sendWindow: number;
  received: number;
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const defaultWindowBytes = 65535;
const connectionWindowBytes = 2 ** 30;
/** No more than this waits in the socket. */
const unsentBytesMax = 1024 * 1024;
const cancel = 8;

/**
 * A client's side of an HTTP/2 connection with as little to do per call as can be, so that a server on another core is
 * what limits the rate. It keeps to flow control; it does not decode headers, so that a failed call is one whose
 * response has not the expected messages.
 */
export class LoadConnection {
  readonly #socket: Socket;
  readonly #authority: string;
  readonly #streamWindowBytes: number;
  readonly #streams = new Map<number, Stream>();
  readonly #encoder = new HeaderEncoder();
  readonly #reader: FrameReader;
  readonly #out: OutgoingBlocks;
  /** Those with something to send, oldest first. */
  readonly #sending = new Set<Stream>();
  #nextId = 1;
  #sendWindow = defaultWindowBytes;
  #initialWindow = defaultWindowBytes;
  #frameBytesMax = 16384;
  #received = 0;
  #isReading = false;
  #problem: string | undefined;

  private constructor(socket: Socket, authority: string, streamWindowBytes: number) {
    this.#socket = socket;
    this.#authority = authority;
    this.#streamWindowBytes = streamWindowBytes;
    this.#reader = new FrameReader({
      onData: (id, bytes) => this.#onData(id, bytes),
      onEnd: (id) => this.#finish(id, undefined),
      onFrame: (type, flags, id, payload) => this.#onFrame(type, flags, id, payload),
    });
    this.#out = new OutgoingBlocks((bytes) => socket.destroyed || socket.write(bytes));
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#onChunk(chunk));
    socket.on('drain', () => this.#pump());
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#fail('the server closed the connection'));
    this.#out.add(preface);
    const settings = [
      [Setting.enablePush, 0],
      [Setting.initialWindow, streamWindowBytes],
    ] as const;
    this.#out.add(settingsFrame(settings));
    this.#out.add(uint32Frame(FrameType.windowUpdate, 0, connectionWindowBytes - defaultWindowBytes));
    this.#out.flush();
  }

  /** Connects to a server on this machine that speaks HTTP/2 without TLS. The owner closes it. */
  static connect(port: number, options: LoadConnectionOptions = {}): Promise<LoadConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new LoadConnection(socket, `127.0.0.1:${port}`, options.streamWindowBytes ?? 2 ** 31 - 1));
      });
    });
  }

  /** Makes a gRPC call of the method at `path`. */
  call(path: string, call: LoadCall): void {
    if (this.#problem !== undefined) {
      call.onEnd(this.#problem);
      return;
    }
    const headers = this.#encoder.encode([
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', path],
      [':authority', this.#authority],
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
    ]);
    const piece = call.next();
    const following = piece === undefined ? undefined : call.next();
    const id = this.#nextId;
    const stream = { id, call, piece, following, at: 0, sendWindow: this.#initialWindow, received: 0 };
    this.#nextId += 2;
    this.#streams.set(id, stream);
    const isWhole = piece === undefined;
    this.#out.add(frame(FrameType.headers, Flag.endHeaders | (isWhole ? Flag.endStream : 0), id, headers));
    if (!isWhole) this.#sending.add(stream);
    if (!this.#isReading) this.#pump();
  }

  close(): void {
    this.#problem = 'closed';
    this.#socket.destroy();
  }

  #onChunk(chunk: Buffer): void {
    this.#isReading = true;
    this.#reader.push(chunk);
    this.#isReading = false;
    this.#pump();
  }

  #onData(id: number, bytes: Buffer): void {
    this.#received += bytes.length;
    if (this.#received >= connectionWindowBytes / 2) {
      this.#out.add(uint32Frame(FrameType.windowUpdate, 0, this.#received));
      this.#received = 0;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.received += bytes.length;
    if (stream.received >= this.#streamWindowBytes / 2) {
      this.#out.add(uint32Frame(FrameType.windowUpdate, id, stream.received));
      stream.received = 0;
    }
    stream.call.onData(bytes);
  }

  #onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    switch (type) {
      case FrameType.settings:
        if ((flags & Flag.acknowledge) === 0) this.#onSettings(payload);
        return;
      case FrameType.ping:
        if ((flags & Flag.acknowledge) === 0) this.#out.add(frame(FrameType.ping, Flag.acknowledge, 0, payload));
        return;
      case FrameType.windowUpdate: {
        const stream = this.#streams.get(id);
        if (id === 0) this.#sendWindow += payload.readUInt32BE();
        else if (stream !== undefined) stream.sendWindow += payload.readUInt32BE();
        return;
      }
      case FrameType.resetStream:
        this.#finish(id, `the server reset the stream, code ${payload.readUInt32BE()}`);
        return;
      case FrameType.goAway:
        this.#fail(`the server said GOAWAY, code ${payload.readUInt32BE(4)} ${payload.toString('latin1', 8)}`);
        return;
      default: // Of HEADERS only their end matters, and the reader tells that.
    }
  }

  #onSettings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      switch (payload.readUInt16BE(at)) {
        case Setting.initialWindow:
          for (const stream of this.#streams.values()) stream.sendWindow += value - this.#initialWindow;
          this.#initialWindow = value;
          break;
        case Setting.frameMax:
          this.#frameBytesMax = Math.min(value, blockBytes / 4);
          break;
        case Setting.headerTableSize:
          if (value < tableBytesMax) this.#fail(`the server wants a table of headers of ${value} bytes`);
          break;
        default: // No concern of a client that makes few calls at once.
      }
    }
    this.#out.add(frame(FrameType.settings, Flag.acknowledge, 0, Buffer.alloc(0)));
  }

  #finish(id: number, problem: string | undefined): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return; // Reset after its end, as servers do that answer early.
    this.#streams.delete(id);
    if (this.#sending.delete(stream)) this.#out.add(uint32Frame(FrameType.resetStream, id, cancel));
    stream.call.onEnd(problem);
  }

  #fail(problem: string): void {
    this.#problem ??= problem;
    for (const id of [...this.#streams.keys()]) this.#finish(id, this.#problem);
    this.#socket.destroy();
  }

  /** Sends what windows and the socket have room for. */
  #pump(): void {
    for (const stream of this.#sending) {
      while (stream.piece !== undefined && stream.sendWindow > 0 && this.#sendWindow > 0) {
        if (this.#socket.writableLength > unsentBytesMax) {
          this.#out.flush(); // Goes on when the socket drains.
          return;
        }
        this.#sendSome(stream, stream.piece);
      }
      if (stream.piece === undefined) this.#sending.delete(stream);
      if (this.#sendWindow <= 0) break;
    }
    this.#out.flush();
  }

  #sendSome(stream: Stream, piece: Uint8Array): void {
    const most = Math.min(this.#frameBytesMax, stream.sendWindow, this.#sendWindow);
    const end = Math.min(piece.byteLength, stream.at + most);
    const length = end - stream.at;
    const isLast = end === piece.byteLength && stream.following === undefined;
    this.#out.addData(stream.id, isLast ? Flag.endStream : 0, piece.subarray(stream.at, end));
    stream.at = end;
    stream.sendWindow -= length;
    this.#sendWindow -= length;
    if (end < piece.byteLength) return;
    stream.piece = stream.following;
    stream.following = stream.piece === undefined ? undefined : stream.call.next();
    stream.at = 0;
  }
}
