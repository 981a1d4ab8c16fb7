import { type Code, codeNames, codeNumber, Failure } from '@gorego/errors';

/** A call's end on the wire. */
export interface Status {
  /** google.rpc.Code. */
  readonly code: number;
  readonly message: string;
}

/**
 * Trailers must stay below the 8 KiB that some clients accept for all of them (grpc-java's default). The message is the
 * most of them, percent-encoded: up to nine bytes for a character.
 */
const messageEncodedBytesMax = 6000;
const messageCharactersMax = 2000;

/** What a client is told. Of a bug it learns only that there was one: the rest is for the log. */
export function statusOf(reason: unknown): Status {
  if (!(reason instanceof Failure)) return { code: codeNumber('internal'), message: 'internal error' };
  return { code: codeNumber(reason.code), message: brief(reason.message) };
}

function brief(message: string): string {
  const text = message.slice(0, messageCharactersMax).toWellFormed();
  const isWhole = text.length === message.length;
  if (isWhole && encodeURI(text).length <= messageEncodedBytesMax) return text;
  const ellipsis = '…';
  let room = messageEncodedBytesMax - encodeURI(ellipsis).length;
  let end = 0;
  for (const character of text) {
    room -= encodeURI(character).length;
    if (room < 0 || end + character.length >= messageCharactersMax) break;
    end += character.length;
  }
  return `${text.slice(0, end)}${ellipsis}`;
}

/** The code of a number from the wire; `unknown` for one that gRPC does not have, and for OK where it can't be meant. */
export function codeOf(number: number): Code {
  const name = codeNames[number];
  return name === undefined || name === 'ok' ? 'unknown' : name;
}
