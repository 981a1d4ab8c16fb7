import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What a FaultyProxy does to the bytes between a client and a server. */
export interface LineFaults {
  /** New connections are closed at once, and those there are, too. */
  readonly refuses?: boolean;
  /** Nothing is passed on, in either direction, and nobody is told. */
  readonly blackholes?: boolean;
  /** Each connection is cut after that many bytes from the server. */
  readonly cutsAfterBytes?: number;
  /** Milliseconds that each piece is late, each way. */
  readonly latencyMs?: number;
  /** Bytes a second from the server, for each connection. */
  readonly bytesPerSecond?: number;
  /** Every so many-th piece from the server is nonsense. */
  readonly garbles?: number;
}

/** A TCP proxy on the loopback between a real client and a real server, as faulty as it is told to be. */
export class FaultyProxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #lines = new Set<Line>();
  #faults: LineFaults = {};
  /** Bytes passed on from the server so far. */
  bytesDown = 0;
  connections = 0;

  private constructor(server: Server, port: number, target: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (client) => {
      this.connections++;
      if (this.#faults.refuses === true) {
        client.destroy();
        return;
      }
      const line = new Line(
        client,
        target,
        () => this.#faults,
        (bytes) => (this.bytesDown += bytes),
      );
      this.#lines.add(line);
      line.onEnd = () => this.#lines.delete(line);
    });
  }

  /** Listens on a free port, and passes on to `target` on the loopback. */
  static async listen(target: number): Promise<FaultyProxy> {
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultyProxy(server, (server.address() as AddressInfo).port, target);
  }

  /** From now on. */
  set(faults: LineFaults): void {
    this.#faults = faults;
    for (const line of this.#lines) {
      if (faults.refuses === true) line.end();
      else line.resume();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const line of this.#lines) line.end();
  }
}

/** What fits on a line in one direction. */
const travellingBytesMax = 8 * 1024 * 1024;

/** One connection through the proxy. */
class Line {
  onEnd: () => void = () => {};
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #faults: () => LineFaults;
  readonly #count: (bytes: number) => void;
  readonly #waiting = new Set<() => void>();
  #downBytes = 0;
  #pieces = 0;

  constructor(client: Socket, target: number, faults: () => LineFaults, count: (bytes: number) => void) {
    this.#client = client;
    this.#server = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    this.#faults = faults;
    this.#count = count;
    for (const socket of [this.#client, this.#server]) socket.on('error', () => this.end());
    const both = [this.#pass(this.#client, this.#server, false), this.#pass(this.#server, this.#client, true)];
    Promise.all(both)
      .catch(() => this.end())
      .finally(() => this.onEnd());
  }

  resume(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  end(): void {
    this.#client.destroy();
    this.#server.destroy();
    this.resume();
    this.onEnd();
  }

  /** Pieces travel side by side, each as late as the line is long; who sends more than fits on it waits. */
  async #pass(from: Socket, to: Socket, isDown: boolean): Promise<void> {
    let arrival = Promise.resolve();
    let travelling = 0;
    for await (const chunk of from) {
      const piece = chunk as Buffer;
      const sentMs = performance.now();
      travelling += piece.byteLength;
      arrival = arrival.then(async () => {
        await this.#deliver(piece, to, isDown, sentMs);
        travelling -= piece.byteLength;
      });
      arrival.catch(() => this.end());
      while (travelling > travellingBytesMax) await arrival;
    }
    await arrival;
    to.end();
  }

  async #deliver(piece: Buffer, to: Socket, isDown: boolean, sentMs: number): Promise<void> {
    while (this.#faults().blackholes === true && !to.destroyed) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    const { latencyMs = 0, bytesPerSecond, cutsAfterBytes, garbles } = this.#faults();
    const transmissionMs = isDown && bytesPerSecond !== undefined ? (1000 * piece.byteLength) / bytesPerSecond : 0;
    const waitMs = Math.max(transmissionMs, sentMs + latencyMs - performance.now());
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (to.destroyed) return;
    let delivered = piece;
    if (isDown) {
      this.#downBytes += piece.byteLength;
      this.#pieces++;
      if (cutsAfterBytes !== undefined && this.#downBytes > cutsAfterBytes) return this.end();
      if (garbles !== undefined && this.#pieces % garbles === 0) delivered = Buffer.alloc(piece.byteLength, 0xa5);
      this.#count(piece.byteLength);
    }
    if (!to.write(delivered)) await once(to, 'drain');
  }
}
