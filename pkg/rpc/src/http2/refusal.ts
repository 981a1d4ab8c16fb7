import { field } from './answer-blocks.ts';
import type { Connection } from './connection.ts';
import type { RequestHead } from './request-head.ts';
import type { Stream, StreamListener } from './stream.ts';

/** So much of a body is waited for before it is refused: clients that are not gRPC's look for an answer at the end. */
const bodyBytesMax = 16 * 1024;

const text = Buffer.from('This is gRPC over HTTP/2: POST /package.Service/Method, content-type: application/grpc\n');

/** Refuses a request that is no gRPC call, once it has been made. */
export class Refusal implements StreamListener {
  readonly #connection: Connection;
  readonly #stream: Stream;
  readonly #head: Buffer;
  #bytes = 0;
  #isDone = false;

  constructor(connection: Connection, stream: Stream, { method }: RequestHead) {
    this.#connection = connection;
    this.#stream = stream;
    this.#head = method === 'POST' ? notGrpc : notPost;
  }

  onBody(bytes: Buffer): void {
    this.#bytes += bytes.byteLength;
    if (this.#bytes > bodyBytesMax) this.#answer();
  }

  onBodyEnd(): void {
    this.#answer();
  }

  onGone(): void {
    this.#finish();
  }

  onRoom(): void {}

  #answer(): void {
    if (this.#isDone) return;
    this.#connection.respond(this.#stream, this.#head);
    this.#connection.send(this.#stream, [text]);
    this.#connection.end(this.#stream);
    this.#finish();
  }

  #finish(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#connection.release();
  }
}

const notPost = headOf(405, ['allow', 'POST']);
const notGrpc = headOf(415, ['accept', 'application/grpc']);

function headOf(status: number, [name, value]: readonly [string, string]): Buffer {
  return Buffer.concat([
    field(':status', `${status}`),
    field('content-type', 'text/plain'),
    field('content-length', `${text.byteLength}`),
    field(name, value),
  ]);
}
