import { Failure } from '@gorego/errors';
import type { Message } from '../route.ts';
import type { Status } from '../status.ts';
import { statusDetailsTrailer } from '../status-details.ts';

/** A message's frame: a byte of flags, the length in four bytes, and the message (gRPC over HTTP2, and gRPC-Web alike). */
const headerBytes = 5;
const compressedFlag = 0x01;
const trailersFlag = 0x80;

export function messageFrame(message: Message): Buffer {
  const pieces = message instanceof Uint8Array ? [message] : message;
  return framed(0, pieces);
}

/** The end of a call, as gRPC-Web has it: in the body, as HTTP/1.1 has no trailers that a page could read. */
export function trailersFrame({ code, message }: Status, details?: Uint8Array): Buffer {
  const lines = [`grpc-status: ${code}`, `grpc-message: ${encodeURI(message)}`];
  if (details !== undefined) lines.push(`${statusDetailsTrailer}: ${Buffer.from(details).toString('base64')}`);
  return framed(trailersFlag, [Buffer.from(lines.map((line) => `${line}\r\n`).join(''))]);
}

function framed(flags: number, pieces: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(flags, 0);
  header.writeUInt32BE(
    pieces.reduce((sum, { byteLength }) => sum + byteLength, 0),
    1,
  );
  return Buffer.concat([header, ...pieces]);
}

/**
 * The messages in a body. `resource_exhausted` for one that is longer than `messageBytesMax`, before it is read;
 * `unimplemented` for one that is compressed; `invalid_argument` for a body that ends within one.
 */
export async function* messagesIn(
  chunks: AsyncIterable<Uint8Array>,
  messageBytesMax: number,
): AsyncGenerator<Uint8Array> {
  let part = new Part(headerBytes);
  let isHeader = true;
  for await (const chunk of chunks) {
    for (let rest = part.fill(chunk); part.isFull; rest = part.fill(rest)) {
      const { bytes } = part;
      part = new Part(isHeader ? lengthIn(bytes, messageBytesMax) : headerBytes);
      if (!isHeader) yield bytes;
      isHeader = !isHeader;
    }
  }
  if (!isHeader || !part.isEmpty) throw new Failure('invalid_argument', 'the body ends in the middle of a message');
}

/** Bytes on their way to being so many. It takes memory as they come, in few pieces however small theirs are. */
class Part {
  readonly #wantedBytes: number;
  #buffer: Buffer;
  #sizeBytes = 0;

  constructor(wantedBytes: number) {
    this.#wantedBytes = wantedBytes;
    this.#buffer = Buffer.allocUnsafe(Math.min(wantedBytes, 4096));
  }

  get isFull(): boolean {
    return this.#sizeBytes === this.#wantedBytes;
  }

  get isEmpty(): boolean {
    return this.#sizeBytes === 0;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#sizeBytes);
  }

  /** Takes what is still wanted of a chunk; returns the rest. */
  fill(chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, this.#wantedBytes - this.#sizeBytes);
    const needed = this.#sizeBytes + taken.byteLength;
    if (needed > this.#buffer.byteLength) {
      const grown = Buffer.allocUnsafe(Math.min(this.#wantedBytes, Math.max(needed, 2 * this.#buffer.byteLength)));
      grown.set(this.bytes);
      this.#buffer = grown;
    }
    this.#buffer.set(taken, this.#sizeBytes);
    this.#sizeBytes = needed;
    return chunk.subarray(taken.byteLength);
  }
}

function lengthIn(header: Buffer, messageBytesMax: number): number {
  const flags = header.readUInt8(0);
  if ((flags & compressedFlag) !== 0) throw new Failure('unimplemented', 'messages may not be compressed here');
  if (flags !== 0) throw new Failure('invalid_argument', `a message’s flags are ${flags}`);
  const bytes = header.readUInt32BE(1);
  if (bytes > messageBytesMax) {
    throw new Failure('resource_exhausted', `a message of ${bytes} bytes; ${messageBytesMax} is the most`);
  }
  return bytes;
}

/** The bytes in base64 text that comes in pieces, each of which may have been padded on its own. */
export async function* base64Decoded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = '';
  for await (const chunk of chunks) {
    const text = rest + Buffer.from(chunk).toString('latin1');
    const end = text.length - (text.length % 4);
    rest = text.slice(end);
    yield decoded(text.slice(0, end));
  }
  if (rest !== '') throw new Failure('invalid_argument', 'the body is not base64: its length is no multiple of four');
}

function decoded(text: string): Buffer {
  const parts = text.match(/[^=]+={0,2}/g) ?? [];
  if (parts.join('') !== text || !parts.every((part) => /^[A-Za-z0-9+/]+={0,2}$/.test(part) && part.length % 4 === 0)) {
    throw new Failure('invalid_argument', 'the body is not base64');
  }
  return Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')));
}
