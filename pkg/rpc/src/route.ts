import type { Call } from './call.ts';

/**
 * One encoded message on its way out: a single piece, or several that are one message together, so that a header can
 * go before a blob's bytes without copying them.
 */
export type Message = Uint8Array | readonly Uint8Array[];

/** A message whose pieces can be of use to their owner again. */
export interface LentMessage {
  readonly pieces: readonly Uint8Array[];
  /** Told when nobody looks at the pieces any more. Who can't tell when that is never says so. */
  readonly onSent: () => void;
}

export function piecesOf(message: Message | LentMessage): readonly Uint8Array[] {
  if (message instanceof Uint8Array) return [message];
  return 'pieces' in message ? message.pieces : message;
}

/**
 * What answers a method. Handlers see encoded messages, so that a hot one need not decode, and know no transport: a
 * thrown Failure becomes the status; anything else that is thrown is a bug, and INTERNAL.
 *
 * `requests` may be left unread: what a client still sends after it was answered is discarded, and its connection stays
 * healthy. A handler that streams responses is left (its `finally` runs) when nobody is waiting any more.
 */
export type Route =
  | { readonly kind: 'unary'; readonly handle: (call: Call, request: Uint8Array) => Promise<Message> }
  | {
      readonly kind: 'serverStream';
      readonly handle: (call: Call, request: Uint8Array) => AsyncIterable<Message | LentMessage>;
    }
  | { readonly kind: 'clientStream'; readonly handle: (call: Call, requests: Requests) => Promise<Message> }
  | { readonly kind: 'bidi'; readonly handle: (call: Call, requests: Requests) => AsyncIterable<Message> };

export type Requests = AsyncIterable<Uint8Array>;

/** Routes by path, as in `/google.bytestream.ByteStream/Read`. What isn't here is UNIMPLEMENTED. */
export type Routes = Readonly<Record<string, Route>>;
