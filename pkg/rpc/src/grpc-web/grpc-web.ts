import type { IncomingMessage, ServerResponse } from 'node:http';
import { Failure } from '@gorego/errors';
import type { HttpHandler } from '../http1/http-server.ts';
import { writeTo } from '../http1/write-to.ts';
import type { LentMessage, Message, Requests, Route } from '../route.ts';
import type { RpcServerInit } from '../server.ts';
import { type Status, statusOf } from '../status.ts';
import { statusDetails } from '../status-details.ts';
import { base64Decoded, messageFrame, messagesIn, trailersFrame } from './frames.ts';
import { mayCall, preflightHeaders } from './origins.ts';
import { WebCall } from './web-call.ts';

export interface GrpcWebInit extends Omit<RpcServerInit, 'http1'> {
  /** Origins (`https://host:port`) whose pages may call, beside the server's own. `*` is any. */
  readonly allowedOrigins: readonly string[];
}

/**
 * Serves routes to pages, by gRPC-Web: `application/grpc-web` and, in base64, `application/grpc-web-text`. What else
 * there is is left to others.
 */
export function grpcWeb(init: GrpcWebInit): HttpHandler {
  return (request, response) => {
    const { method } = request;
    if (method === 'OPTIONS' && Object.hasOwn(init.routes, pathOf(request))) {
      answerPreflight(request, response, init.allowedOrigins);
      return Promise.resolve();
    }
    if (method !== 'POST' || !contentTypeOf(request).startsWith('application/grpc-web')) return undefined;
    const [, text] = /^application\/grpc-web(-text)?(?:\+proto)?\s*(?:;|$)/.exec(contentTypeOf(request)) ?? [];
    return answer(request, response, pathOf(request), text === undefined ? 'binary' : 'text', init);
  };
}

function pathOf({ url = '' }: IncomingMessage): string {
  const [path = ''] = url.split('?', 1);
  return path;
}

function contentTypeOf(request: IncomingMessage): string {
  return request.headers['content-type'] ?? '';
}

function answerPreflight(request: IncomingMessage, response: ServerResponse, allowed: readonly string[]): void {
  const { origin = '' } = request.headers;
  if (mayCall(request, allowed)) response.writeHead(204, preflightHeaders(origin)).end();
  else response.writeHead(403, { 'content-length': 0 }).end();
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  form: 'binary' | 'text',
  init: GrpcWebInit,
): Promise<void> {
  const { origin } = request.headers;
  if (!mayCall(request, init.allowedOrigins)) {
    response.writeHead(403, { 'content-type': 'text/plain' }).end('pages of this origin may not call\n');
    return;
  }
  response.writeHead(200, {
    'content-type': contentTypeOf(request),
    ...(origin !== undefined && { 'access-control-allow-origin': origin, vary: 'origin' }),
  });
  using call = new WebCall(request, response, init);
  const encoded = (frame: Buffer): Buffer => (form === 'text' ? Buffer.from(frame.toString('base64')) : frame);
  let failure: unknown;
  let status: Status = { code: 0, message: '' };
  try {
    const route = Object.hasOwn(init.routes, path) ? init.routes[path] : undefined;
    if (route === undefined) {
      throw new Failure('unimplemented', `The server does not implement the method ${path.slice(0, 300)}`);
    }
    const body = form === 'text' ? base64Decoded(call.received()) : call.received();
    const requests = messagesIn(body, init.limits.receiveBytesMax);
    for await (const message of responsesOf(route, call, requests))
      await writeTo(call, response, encoded(messageFrame(message)));
  } catch (reason) {
    failure = reason;
    status = statusOf(reason);
  }
  response.end(encoded(trailersFrame(status, statusDetails(failure))));
  call.tellEnd(path, failure);
}

async function* responsesOf(route: Route, call: WebCall, requests: Requests): AsyncGenerator<Message | LentMessage> {
  switch (route.kind) {
    case 'unary':
      yield await route.handle(call, await only(requests));
      return;
    case 'serverStream':
      yield* route.handle(call, await only(requests));
      return;
    case 'clientStream':
      yield await route.handle(call, requests);
      return;
    case 'bidi':
      yield* route.handle(call, requests);
      return;
    default:
      return route satisfies never;
  }
}

/** The one message that there must be. */
async function only(requests: Requests): Promise<Uint8Array> {
  const found: Uint8Array[] = [];
  for await (const request of requests) {
    found.push(request);
    if (found.length > 1) throw new Failure('invalid_argument', 'more than one message for a call that takes one');
  }
  const [request] = found;
  if (request === undefined) throw new Failure('invalid_argument', 'a call without a message');
  return request;
}
