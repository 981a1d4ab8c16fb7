import { type Code, codeNames, codeNumber, Failure } from '@gorego/errors';

/** A call's end on the wire. */
export interface Status {
  /** google.rpc.Code. */
  readonly code: number;
  readonly message: string;
}

/**
 * Trailers must stay below the 8 KiB that some clients accept for all of them (grpc-java's default), percent-encoded:
 * three bytes for each of these in the worst case.
 */
const messageCharactersMax = 2000;

/** What a client is told. Of a bug it learns only that there was one: the rest is for the log. */
export function statusOf(reason: unknown): Status {
  if (!(reason instanceof Failure)) return { code: codeNumber('internal'), message: 'internal error' };
  const message = reason.message.toWellFormed();
  return {
    code: codeNumber(reason.code),
    message: message.length <= messageCharactersMax ? message : `${message.slice(0, messageCharactersMax - 1)}…`,
  };
}

/** The code of a number from the wire; `unknown` for one that gRPC does not have, and for OK where it can't be meant. */
export function codeOf(number: number): Code {
  const name = codeNames[number];
  return name === undefined || name === 'ok' ? 'unknown' : name;
}
