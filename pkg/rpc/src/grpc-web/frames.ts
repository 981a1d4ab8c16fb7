import { Failure } from '@gorego/errors';
import { MessageReader, messageHeaderBytes } from '../grpc/message-reader.ts';
import { type LentMessage, type Message, piecesOf } from '../route.ts';
import type { Status } from '../status.ts';
import { statusDetailsTrailer } from '../status-details.ts';

const trailersFlag = 0x80;

export function messageFrame(message: Message | LentMessage): Buffer {
  return framed(0, piecesOf(message));
}

/** The end of a call, as gRPC-Web has it: in the body, as HTTP/1.1 has no trailers that a page could read. */
export function trailersFrame({ code, message }: Status, details?: Uint8Array): Buffer {
  const lines = [`grpc-status: ${code}`, `grpc-message: ${encodeURI(message)}`];
  if (details !== undefined) lines.push(`${statusDetailsTrailer}: ${Buffer.from(details).toString('base64')}`);
  return framed(trailersFlag, [Buffer.from(lines.map((line) => `${line}\r\n`).join(''))]);
}

function framed(flags: number, pieces: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(messageHeaderBytes);
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
  const read: Uint8Array[] = [];
  const reader = new MessageReader(messageBytesMax, (message, isCompressed) => {
    if (isCompressed) throw new Failure('unimplemented', 'messages may not be compressed here');
    read.push(message);
  });
  for await (const { buffer, byteOffset, byteLength } of chunks) {
    reader.push(Buffer.from(buffer, byteOffset, byteLength));
    yield* read.splice(0);
  }
  if (!reader.isBetweenMessages) throw new Failure('invalid_argument', 'the body ends in the middle of a message');
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
