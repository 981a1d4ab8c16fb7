import type { Socket } from 'node:net';
import { Failure } from '@gorego/errors';
import { IncompleteMessages } from '../grpc/incomplete-messages.ts';
import { Vestibule } from '../http1/vestibule.ts';
import { Port } from '../port.ts';
import type { Route } from '../route.ts';
import type { Address, RpcServer, RpcServerInit } from '../server.ts';
import { answerHead, trailers } from './answer-blocks.ts';
import { Connection, type ConnectionInit } from './connection.ts';
import { Http2Call } from './http2-call.ts';
import { Refusal } from './refusal.ts';
import type { RequestHead } from './request-head.ts';
import type { Stream } from './stream.ts';

/** What a client may send ahead on a connection, in windows of one call: that many uploads at full speed at once. */
const callsAtFullSpeed = 16;

/** Memory for messages that have not come whole, of all clients together. */
const incompleteBytesMax = 256 * 1024 * 1024;

/** When the last call has ended, how long its last bytes may take to leave before connections are cut. */
const flushMs = 500;

/** Serves routes by gRPC over HTTP/2 without TLS; HTTP/1.1 on the same port is handed on. */
export class Http2Server implements RpcServer {
  readonly #init: RpcServerInit;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #connections = new Set<Connection>();
  readonly #incomplete = new IncompleteMessages(incompleteBytesMax);
  readonly #port: Port;
  #calls = 0;
  #onIdle: (() => void) | undefined;

  private constructor(init: RpcServerInit, port: Port) {
    this.#init = init;
    this.#port = port;
    this.#routes = new Map(Object.entries(init.routes));
  }

  /** Listens on `HOST:PORT`; see `Port.listen` for how that fails. */
  static async listen(address: string, init: RpcServerInit): Promise<Http2Server> {
    let server: Http2Server | undefined;
    const enter = entrance(init, (socket, peer) => {
      if (server === undefined) socket.destroy();
      else server.#connect(socket, peer);
    });
    const port = await Port.listen(address, (socket, peer) => {
      socket.on('close', () => init.observer?.onConnectionEnd?.(peer));
      enter(socket, peer);
    });
    server = new Http2Server(init, port);
    return server;
  }

  get address(): Address {
    return this.#port.address;
  }

  get calls(): number {
    return this.#calls;
  }

  async close(graceMs: number): Promise<void> {
    this.#port.stopAccepting();
    for (const connection of this.#connections) connection.drain();
    await Promise.all([this.#idleOr(graceMs), this.#init.http1?.drain(graceMs)]);
    const stop = this.#init.clock.after(this.#calls > 0 ? 0 : flushMs, () => this.#port.destroy());
    await this.#port.closed();
    stop();
  }

  /** Resolves when no call is left, or after `ms`. */
  async #idleOr(ms: number): Promise<void> {
    if (this.#calls === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    const stop = this.#init.clock.after(ms, resolve);
    await promise;
    stop();
  }

  #connect(socket: Socket, peer: string): void {
    const { limits } = this.#init;
    const init: ConnectionInit = {
      streamsMax: limits.streamsPerConnectionMax,
      streamWindowBytes: limits.receiveWindowBytes,
      connectionWindowBytes: callsAtFullSpeed * limits.receiveWindowBytes,
      onRequest: (connection, stream, head) => this.#onRequest(connection, stream, head, peer),
      onBug: (reason) => this.#init.observer?.onBug?.(reason),
    };
    const connection = new Connection(socket, init);
    this.#connections.add(connection);
    socket.on('close', () => this.#connections.delete(connection));
  }

  #onRequest(connection: Connection, stream: Stream, head: RequestHead, peer: string): void {
    const route = this.#routes.get(head.path);
    if (!isGrpc(head)) stream.listener = new Refusal(connection, stream, head);
    else if (route === undefined) {
      connection.end(stream, unimplemented(head.path));
      connection.release();
    } else {
      this.#calls++;
      const init = { connection, stream, head, peer, server: this.#init, incomplete: this.#incomplete };
      stream.listener = new Http2Call(
        { ...init, onEnd: (call, failure) => this.#onCallEnd(call, head, failure) },
        route,
      );
    }
  }

  #onCallEnd(call: Http2Call, { path }: RequestHead, failure: unknown): void {
    this.#calls--;
    if (this.#calls === 0) this.#onIdle?.();
    this.#init.observer?.onCallEnd?.({
      path,
      caller: call.caller,
      ms: this.#init.clock.monotonic() - call.startedMs,
      code: failure === undefined ? 'ok' : failure instanceof Failure ? failure.code : 'internal',
      failure,
    });
  }
}

type Enter = (socket: Socket, peer: string) => void;

/** Where a new connection goes: to HTTP/2 at once, unless somebody serves HTTP/1.1 beside it. */
function entrance({ http1, clock }: RpcServerInit, http2: Enter): Enter {
  if (http1 === undefined) return http2;
  const vestibule = new Vestibule(clock);
  return (socket, peer) =>
    vestibule.receive(socket, (spoken) => (spoken === 'http1' ? http1.take(socket) : http2(socket, peer)));
}

function isGrpc({ method, fields }: RequestHead): boolean {
  const contentType = fields.find(({ name }) => name === 'content-type')?.value ?? '';
  return method === 'POST' && /^application\/grpc(?:$|[+;])/.test(contentType);
}

function unimplemented(path: string): Buffer {
  const message = `The server does not implement the method ${path.slice(0, 300)}`.toWellFormed();
  return Buffer.concat([answerHead, trailers({ code: 12, message }, undefined)]);
}
