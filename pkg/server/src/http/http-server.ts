import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Address } from '@gorego/rpc';
import { Port } from '@gorego/rpc';

/** Answers a request, or says that it is not its own. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** Bounds on what one client can make the server hold, or wait for. */
const headersTimeoutMs = 30_000;
const headerBytesMax = 16 * 1024;

/** HTTP/1.1 on a port of its own: each request goes to the first handler that takes it. */
export class HttpServer {
  readonly #port: Port;
  readonly #server: Server;

  private constructor(port: Port, server: Server) {
    this.#port = port;
    this.#server = server;
  }

  static async listen(
    address: string,
    handlers: readonly HttpHandler[],
    onBug: (reason: unknown) => void,
  ): Promise<HttpServer> {
    const server = createServer(
      { headersTimeout: headersTimeoutMs, maxHeaderSize: headerBytesMax },
      (request, response) => {
        answer(request, response, handlers).catch((reason: unknown) => {
          onBug(reason);
          if (!response.headersSent) response.writeHead(500);
          response.end();
        });
      },
    );
    const port = await Port.listen(address, (socket) => server.emit('connection', socket));
    return new HttpServer(port, server);
  }

  get address(): Address {
    return this.#port.address;
  }

  /** Takes no more requests, and cuts off what is not done by `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#port.stopAccepting();
    this.#server.closeIdleConnections();
    const stop = setTimeout(() => this.#port.destroy(), graceMs);
    await this.#port.closed();
    clearTimeout(stop);
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: readonly HttpHandler[],
): Promise<void> {
  for (const handle of handlers) if (await handle(request, response)) return;
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('there is nothing here\n');
}
