import { Failure } from '@gorego/errors';
import { type Codec, type MethodDefinition, WireError } from '@gorego/proto';
import type { Call, Requests, Route } from '@gorego/rpc';
import { checkFields, type Shape } from './shape.ts';

/** A method as generated code describes it, of which is known what is a stream. */
interface Method<Request, Response, RequestStream extends boolean, ResponseStream extends boolean>
  extends MethodDefinition<Request, Response> {
  readonly requestStream: RequestStream;
  readonly responseStream: ResponseStream;
}

/** How much of a request is decoded, so that none becomes more objects than there is memory for. */
export interface Bounds {
  readonly bytesMax: number;
  /** Where to look for the many small fields of a large request. */
  readonly shape: Shape;
}

/** Nearly all requests are far smaller. */
const smallRequest: Bounds = { bytesMax: 256 * 1024, shape: {} };

/** Reads a message; what isn't one, or is out of bounds, is the sender's fault. */
export function decoded<T>(
  codec: Pick<Codec<T>, 'decode'>,
  bytes: Uint8Array,
  { bytesMax, shape }: Bounds = smallRequest,
): T {
  if (bytes.byteLength > bytesMax) {
    throw new Failure('invalid_argument', `a request of ${bytes.byteLength} bytes; ${bytesMax} is the most`);
  }
  reading(() => checkFields(bytes, shape));
  try {
    return codec.decode(bytes);
  } catch (reason) {
    const why = Error.isError(reason) ? reason.message : String(reason);
    throw new Failure('invalid_argument', `not a well-formed message: ${why}`, { cause: reason });
  }
}

/** Runs `read` over bytes from the wire; malformed ones are the sender's fault. */
export function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (reason) {
    if (!(reason instanceof WireError)) throw reason;
    throw new Failure('invalid_argument', `not a well-formed message: ${reason.message}`, { cause: reason });
  }
}

/** A unary method whose messages are decoded and encoded whole. */
export function unary<Request, Response>(
  { requestType, responseType }: Method<Request, Response, false, false>,
  handle: (call: Call, request: Request) => Promise<Response>,
  bounds?: Bounds,
): Route {
  return {
    kind: 'unary',
    handle: async (call, bytes) =>
      responseType.encode(await handle(call, decoded(requestType, bytes, bounds))).finish(),
  };
}

export function serverStream<Request, Response>(
  { requestType, responseType }: Method<Request, Response, false, true>,
  handle: (call: Call, request: Request) => AsyncIterable<Response>,
): Route {
  return {
    kind: 'serverStream',
    handle: async function* (call, bytes) {
      for await (const response of handle(call, decoded(requestType, bytes)))
        yield responseType.encode(response).finish();
    },
  };
}

export function bidi<Request, Response>(
  { requestType, responseType }: Method<Request, Response, true, true>,
  handle: (call: Call, requests: AsyncIterable<Request>) => AsyncIterable<Response>,
): Route {
  const decodedAll = async function* (requests: Requests): AsyncGenerator<Request> {
    for await (const bytes of requests) yield decoded(requestType, bytes);
  };
  return {
    kind: 'bidi',
    handle: async function* (call, requests) {
      for await (const response of handle(call, decodedAll(requests))) yield responseType.encode(response).finish();
    },
  };
}
