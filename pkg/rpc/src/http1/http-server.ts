import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '@gorego/platform';
import { Port } from '../port.ts';
import type { Address } from '../server.ts';

/** Answers a request. Undefined if it is not its own: then nothing has been touched. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | undefined;

/** Bounds on what one client can make the server hold, or wait for. */
const headersTimeoutMs = 30_000;
const headerBytesMax = 16 * 1024;

/** How long a connection may carry nothing, in the middle of a transfer too. */
const silenceMs = 120_000;

/** Longer than clients keep theirs: who closes first never cuts a request off. */
const idleMs = 100_000;

/** HTTP/1.1 connections at once. More are cut off. */
const connectionsMax = 8192;

/** What is left of a body that nobody wants is read up to here, so that the client gets to its answer. */
const discardedBytesMax = 1024 * 1024 * 1024;

export interface HttpServerInit {
  /** Each request goes to the first that takes it. */
  readonly handlers: readonly HttpHandler[];
  readonly clock: Clock;
  /** Is told of whatever a handler throws. */
  readonly onBug: (reason: unknown) => void;
  readonly onConnectionEnd?: ((peer: string) => void) | undefined;
}

/** HTTP/1.1 for connections that it is handed: somebody else's, or those of `port`, which it then owns. */
export class HttpServer {
  readonly #init: HttpServerInit;
  readonly #server: Server;
  readonly #responses = new Set<ServerResponse>();
  readonly #port: Port | undefined;
  #connections = 0;
  #onIdle: (() => void) | undefined;

  constructor(init: HttpServerInit, port?: Port) {
    this.#init = init;
    this.#port = port;
    this.#server = createServer(
      { headersTimeout: headersTimeoutMs, requestTimeout: 0, maxHeaderSize: headerBytesMax, keepAliveTimeout: idleMs },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.timeout = silenceMs;
    this.#server.on('checkContinue', (request, response) => {
      // Whether the body is wanted is the handler's to say. Until it has been, nobody knows whether it will come.
      response.shouldKeepAlive = false;
      void this.#answer(request, response);
    });
    this.#server.on('clientError', (error, socket) => this.#hangUp(error, socket as Socket));
    this.#server.emit('listening'); // Begins to watch over slow connections; it is the Port that listens.
  }

  /** The same, on a port of its own; see `Port.listen` for how that fails. */
  static async listen(address: string, init: HttpServerInit): Promise<HttpServer> {
    let server: HttpServer | undefined;
    const port = await Port.listen(address, (socket, peer) => {
      socket.on('close', () => init.onConnectionEnd?.(peer));
      server?.take(socket);
    });
    server = new HttpServer(init, port);
    return server;
  }

  /** Where it listens, if on a port of its own. */
  get address(): Address | undefined {
    return this.#port?.address;
  }

  /** How many requests are being answered now. */
  get requests(): number {
    return this.#responses.size;
  }

  /** Serves a connection that somebody else has accepted. */
  take(socket: Socket): void {
    if (this.#connections >= connectionsMax) {
      socket.destroy();
      return;
    }
    this.#connections++;
    socket.on('close', () => this.#connections--);
    this.#server.emit('connection', socket);
  }

  /** Takes no more requests, and resolves when those under way are answered, or after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.#port?.stopAccepting();
    for (const response of this.#responses) if (!response.headersSent) response.setHeader('connection', 'close');
    this.#server.closeIdleConnections();
    if (this.#responses.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    const stop = this.#init.clock.after(graceMs, resolve);
    await promise;
    stop();
    this.#server.closeIdleConnections();
  }

  /** The same, and cuts off what is not done by `graceMs`. */
  async close(graceMs: number): Promise<void> {
    await this.drain(graceMs);
    this.#server.close();
    this.#server.closeAllConnections();
    this.#port?.destroy();
    await this.#port?.closed();
  }

  /** Ends a connection that broke, or can't be understood: with an answer if it spoke HTTP/1.1, and none has begun. */
  #hangUp(error: NodeJS.ErrnoException, socket: Socket): void {
    const hasBegun = Array.from(this.#responses).some((response) => response.socket === socket && response.headersSent);
    const answer = answerTo(error.code);
    if (answer === undefined || !socket.writable) socket.destroy(error);
    else if (hasBegun) socket.destroySoon();
    else socket.end(`HTTP/1.1 ${answer}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#responses.add(response);
    response.on('close', () => {
      this.#responses.delete(response);
      if (this.#responses.size === 0) this.#onIdle?.();
    });
    try {
      await this.#answered(request, response);
    } catch (reason) {
      this.#init.onBug(reason);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    }
    if (request.complete) return;
    if (response.writableFinished) boundTheRest(request);
    else response.on('finish', () => boundTheRest(request));
  }

  #answered(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    for (const handle of this.#init.handlers) {
      const answered = handle(request, response);
      if (answered !== undefined) return answered;
    }
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('there is nothing here\n');
    return undefined;
  }
}

/** What is said of an error in a request; undefined if the connection broke, or what came was no HTTP/1.1 at all. */
function answerTo(errorCode = ''): string | undefined {
  switch (errorCode) {
    case 'HPE_INVALID_METHOD':
      return undefined;
    case 'HPE_HEADER_OVERFLOW':
      return '431 Request Header Fields Too Large';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return '408 Request Timeout';
    default:
      return /^(?:HPE|ERR_HTTP)_/.test(errorCode) ? '400 Bad Request' : undefined;
  }
}

/** Node discards what is left of an answered request's body; without a bound, for as long as the client likes. */
function boundTheRest(request: IncomingMessage): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > discardedBytesMax) request.destroy();
  });
}
