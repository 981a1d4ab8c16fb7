import { Scope } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Call, Headers } from '../call.ts';
import { acceptedEncodings, decompressed, isAccepted } from '../grpc/decompressed.ts';
import { timeoutIn } from '../grpc/grpc-timeout.ts';
import type { Incomplete, IncompleteMessages } from '../grpc/incomplete-messages.ts';
import { MessageReader, messageHeaderBytes } from '../grpc/message-reader.ts';
import { type LentMessage, type Message, piecesOf, type Requests, type Route } from '../route.ts';
import type { RpcServerInit } from '../server.ts';
import { statusOf } from '../status.ts';
import { statusDetails } from '../status-details.ts';
import { answerHead, okTrailers, trailers } from './answer-blocks.ts';
import type { Connection } from './connection.ts';
import { headersOf } from './headers-of.ts';
import { Inbox } from './inbox.ts';
import type { RequestHead } from './request-head.ts';
import type { Stream, StreamListener } from './stream.ts';

/** What waits to be sent of one call, at most, beside the message that goes beyond it. Small pieces may be of large buffers. */
const queuedBytesMax = 64 * 1024;
const queuedPiecesMax = 5;

/** What there may be of a message that has not come whole without asking whether there is room: most are no larger. */
const boundlessBytes = 64 * 1024;

interface Received {
  readonly bytes: Buffer;
  readonly isCompressed: boolean;
  readonly wireBytes: number;
}

export interface Http2CallInit {
  readonly connection: Connection;
  readonly stream: Stream;
  readonly head: RequestHead;
  readonly peer: string;
  readonly server: RpcServerInit;
  readonly incomplete: IncompleteMessages;
  /** Its handler is done, and everything is said. */
  readonly onEnd: (call: Http2Call, failure: unknown) => void;
}

/** A gRPC call on a stream, as a context: it ends when the client leaves or its deadline passes. */
export class Http2Call extends Scope implements Call, StreamListener {
  readonly headers: Headers;
  readonly startedMs: number;
  readonly #init: Http2CallInit;
  readonly #route: Route;
  readonly #encoding: string;
  readonly #reader: MessageReader;
  readonly #inbox = new Inbox<Received>();
  readonly #waitingForRoom: Incomplete = { onRoom: () => this.#wantMore() };
  /** What has come of the body and was not consumed yet. */
  #unconsumedBytes = 0;
  #isAnswering = false;
  #hasResponded = false;
  #hasEnded = false;
  #isFinished = false;
  #onRoom: (() => void) | undefined;
  readonly #stopTimer: (() => void) | undefined;

  constructor(init: Http2CallInit, route: Route) {
    const { clock, callerOf, limits } = init.server;
    const headers = headersOf(init.head.fields);
    const timeoutMs = timeoutIn(headers.text('grpc-timeout'));
    const startedMs = clock.monotonic();
    super({
      caller: callerOf(headers, init.peer),
      deadline: timeoutMs === undefined ? undefined : startedMs + timeoutMs,
    });
    this.headers = headers;
    this.startedMs = startedMs;
    this.#init = init;
    this.#route = route;
    this.#encoding = headers.text('grpc-encoding') ?? 'identity';
    this.#reader = new MessageReader(limits.receiveBytesMax, (bytes, isCompressed) => this.#take(bytes, isCompressed));
    this.#stopTimer = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => this.#onDeadline());
    if (isAccepted(this.#encoding)) {
      if (this.#isStreamOfRequests) void this.#answer();
      return;
    }
    const why = `grpc-encoding ${JSON.stringify(this.#encoding)}: what can be read is ${acceptedEncodings}`;
    this.#refuse(new Failure('unimplemented', why));
  }

  onBody(bytes: Buffer): void {
    if (this.#hasEnded) return;
    this.#unconsumedBytes += bytes.byteLength;
    try {
      this.#reader.push(bytes);
    } catch (reason) {
      this.#refuse(Failure.from(reason));
      return;
    }
    this.#wantMore();
  }

  onBodyEnd(): void {
    if (this.#hasEnded) return;
    if (!this.#reader.isBetweenMessages) {
      this.#refuse(new Failure('invalid_argument', 'the call ends in the middle of a message'));
      return;
    }
    this.#inbox.end();
    if (!this.#isStreamOfRequests) void this.#answer();
  }

  onGone(): void {
    this.#leave(new Failure('cancelled', 'the client left'));
    if (!this.#isAnswering) this.#finish(this.ended);
  }

  onRoom(): void {
    if (this.#hasRoom) this.#onRoom?.();
  }

  /** Lets the client send the rest of its next message, when the others have been taken. */
  #wantMore(): void {
    const { incomplete } = this.#init;
    const hereBytes = this.#reader.incompleteBytes;
    if (hereBytes <= boundlessBytes) incomplete.release(this.#waitingForRoom);
    else if (!incomplete.hold(this.#waitingForRoom, hereBytes)) return;
    if (this.#inbox.size === 0) this.#consume(this.#unconsumedBytes);
  }

  get #hasRoom(): boolean {
    const { queuedBytes, queue, queueAt } = this.#init.stream;
    return queuedBytes <= queuedBytesMax && queue.length - queueAt <= queuedPiecesMax;
  }

  get #isStreamOfRequests(): boolean {
    return this.#route.kind === 'clientStream' || this.#route.kind === 'bidi';
  }

  #onDeadline(): void {
    this.#leave(new Failure('deadline_exceeded', 'the client’s deadline passed'));
    this.#end(this.ended);
    if (!this.#isAnswering) this.#finish(this.ended);
  }

  /** Nobody waits for an answer any more. */
  #leave(why: Failure): void {
    this.cancel(why);
    this.#inbox.fail(why);
    this.#onRoom?.();
  }

  /** Ends a call whose client has broken gRPC's rules. */
  #refuse(failure: Failure): void {
    this.#leave(failure);
    this.#end(failure);
    if (!this.#isAnswering) this.#finish(failure);
  }

  #take(bytes: Buffer, isCompressed: boolean): void {
    if (!this.#isStreamOfRequests && this.#inbox.size > 0) {
      throw new Failure('unimplemented', 'more than one message for a method that takes one');
    }
    this.#inbox.push({ bytes, isCompressed, wireBytes: messageHeaderBytes + bytes.byteLength });
  }

  #consume(bytes: number): void {
    this.#unconsumedBytes -= bytes;
    this.#init.connection.consumed(this.#init.stream, bytes);
  }

  async #answer(): Promise<void> {
    this.#isAnswering = true;
    let failure: unknown;
    try {
      await this.#handle(this.#route);
    } catch (reason) {
      failure = reason;
    }
    this.#end(failure);
    this.#finish(failure);
  }

  async #handle(route: Route): Promise<void> {
    switch (route.kind) {
      case 'unary':
        this.#send(await route.handle(this, await this.#onlyRequest()));
        return;
      case 'clientStream':
        this.#send(await route.handle(this, this.#requests()));
        return;
      case 'serverStream':
        for await (const message of route.handle(this, await this.#onlyRequest())) await this.#sendInTime(message);
        return;
      case 'bidi':
        for await (const message of route.handle(this, this.#requests())) await this.#sendInTime(message);
        return;
      default:
        route satisfies never;
    }
  }

  async #onlyRequest(): Promise<Uint8Array> {
    const { value, done } = await this.#inbox.next();
    if (done === true) throw new Failure('unimplemented', 'no message for a method that takes one');
    return this.#plain(value);
  }

  /** The client's messages. A client that leaves ends them with the context's reason. */
  #requests(): Requests {
    const next = async (): Promise<IteratorResult<Uint8Array>> => {
      const { value, done } = await this.#inbox.next();
      if (done === true) return { done, value };
      const isLast = this.#inbox.size === 0;
      if (isLast) this.#wantMore();
      else this.#consume(Math.min(value.wireBytes, this.#unconsumedBytes));
      return { done: false, value: await this.#plain(value) };
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  #plain({ bytes, isCompressed }: Received): Buffer | Promise<Buffer> {
    if (!isCompressed) return bytes;
    return decompressed(bytes, this.#encoding, this.#init.server.limits.receiveBytesMax);
  }

  /** Sends, and waits until little is left to be sent. Fails when the client has left. */
  async #sendInTime(message: Message | LentMessage): Promise<void> {
    if (this.ended !== undefined) throw this.ended;
    this.#send(message);
    if (this.#hasRoom) return;
    await new Promise<void>((resolve) => {
      this.#onRoom = resolve;
    });
    this.#onRoom = undefined;
    if (this.ended !== undefined) throw this.ended;
  }

  #send(message: Message | LentMessage): void {
    if (this.#hasEnded) return; // The deadline has passed meanwhile.
    const { connection, stream } = this.#init;
    if (!this.#hasResponded) connection.respond(stream, answerHead);
    this.#hasResponded = true;
    const header = Buffer.allocUnsafe(messageHeaderBytes);
    header[0] = 0;
    if (message instanceof Uint8Array) {
      header.writeUInt32BE(message.byteLength, 1);
      connection.send(stream, [header, message]);
      return;
    }
    const pieces = piecesOf(message);
    header.writeUInt32BE(
      pieces.reduce((sum, { byteLength }) => sum + byteLength, 0),
      1,
    );
    connection.send(stream, [header, ...pieces], 'onSent' in message ? message.onSent : undefined);
  }

  /** Sends the status, unless it has been sent. */
  #end(failure: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stopTimer?.();
    const status = failure === undefined ? okTrailers : trailers(statusOf(failure), statusDetails(failure));
    const { connection, stream } = this.#init;
    connection.end(stream, this.#hasResponded ? status : Buffer.concat([answerHead, status]));
  }

  #finish(failure: unknown): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#init.incomplete.release(this.#waitingForRoom);
    this[Symbol.dispose]();
    this.#init.onEnd(this, failure);
    this.#init.connection.release();
  }
}
