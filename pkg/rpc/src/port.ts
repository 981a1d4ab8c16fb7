import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Failure } from '@gorego/errors';
import type { Address } from './server.ts';

/** A listening TCP port. Its owner is handed each connection, and closes the port. */
export class Port {
  readonly address: Address;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, address: Address) {
    this.#server = server;
    this.address = address;
  }

  /** Listens on `HOST:PORT` (`[::1]:0`, `127.0.0.1:8980`, `:8980` for every interface); port 0 takes a free one. */
  static async listen(address: string, onConnection: (socket: Socket, peer: string) => void): Promise<Port> {
    const { host, port } = parseAddress(address);
    const server = createServer({ noDelay: true, keepAlive: true });
    await new Promise<void>((resolve, reject) => {
      server.on('error', (error) => reject(listenFailure(address, error))); // Later ones are single connections'.
      server.listen(port, host, resolve);
    });
    const bound = server.address() as { address: string; port: number };
    const listening = new Port(server, { host: bound.address, port: bound.port });
    server.on('connection', (socket) => {
      listening.#sockets.add(socket);
      socket.on('close', () => listening.#sockets.delete(socket));
      socket.on('error', () => {}); // A client that breaks off; its calls notice by themselves.
      onConnection(socket, `${socket.remoteAddress}:${socket.remotePort}`);
    });
    return listening;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Accepts no more connections. Those there are go on. */
  stopAccepting(): void {
    this.#server.close();
  }

  /** Cuts off whoever is still connected. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Resolves when the port is closed and the last connection has gone. */
  async closed(): Promise<void> {
    if (this.#server.listening) await once(this.#server, 'close');
    // Not by `once`, which fails for those that break off on their way.
    await Promise.all(
      Array.from(this.#sockets, (socket) => socket.closed || new Promise((gone) => socket.on('close', gone))),
    );
  }
}

/** `invalid_argument` for anything but HOST:PORT with a port from 0 to 65535. */
export function parseAddress(address: string): { host: string; port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^:[\]]*)):([0-9]{1,5})$/.exec(address) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new Failure('invalid_argument', `${JSON.stringify(address)} is not HOST:PORT`);
  }
  return { host: bracketed ?? (plain || '::'), port };
}

function listenFailure(address: string, error: NodeJS.ErrnoException): Failure {
  switch (error.code) {
    case 'EADDRINUSE':
      return new Failure('unavailable', `cannot listen on ${address}: another program already does`, { cause: error });
    case 'EACCES':
      return new Failure('permission_denied', `cannot listen on ${address}: not allowed`, { cause: error });
    default:
      return new Failure('unavailable', `cannot listen on ${address}: ${error.message}`, { cause: error });
  }
}
