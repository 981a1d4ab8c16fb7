import type { Socket } from 'node:net';
import type { Caller } from '@gorego/context';
import { Failure } from '@gorego/errors';
import {
  type ConnectionInjector,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { Vestibule } from '../http1/vestibule.ts';
import { Port } from '../port.ts';
import type { Message, Route } from '../route.ts';
import type { Address, RpcServer, RpcServerInit } from '../server.ts';
import { statusOf } from '../status.ts';
import { statusDetails, statusDetailsTrailer } from '../status-details.ts';
import { gathered } from './gathered.ts';
import { GrpcJsCall } from './grpc-js-call.ts';
import { bearResets } from './resets.ts';
import { widenWindows } from './windows.ts';

/** How many messages of one response stream are on their way at once: enough to overlap, little enough to hold. */
const messagesInFlightMax = 2;

/** When the last call has ended, how long its last bytes may take to leave before connections are cut. */
const flushMs = 500;

/** Serves `routes` over HTTP/2 without TLS, by @grpc/grpc-js; HTTP/1.1 on the same port is handed on. */
export class GrpcJsServer implements RpcServer {
  readonly #init: RpcServerInit;
  readonly #port: Port;
  readonly #server: Server;
  readonly #injector: ConnectionInjector;
  #calls = 0;
  #onIdle: (() => void) | undefined;

  private constructor(init: RpcServerInit, port: Port, server: Server, injector: ConnectionInjector) {
    this.#init = init;
    this.#port = port;
    this.#server = server;
    this.#injector = injector;
  }

  /** Listens on `HOST:PORT`; see `Port.listen` for how that fails. */
  static async listen(address: string, init: RpcServerInit): Promise<GrpcJsServer> {
    const server = new Server({
      'grpc.max_receive_message_length': init.limits.receiveBytesMax,
      'grpc.max_send_message_length': -1, // What we send is ours to bound, where it is made.
      'grpc.max_concurrent_streams': init.limits.streamsPerConnectionMax,
      'grpc.enable_channelz': 0,
    });
    bearResets(server);
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    widenWindows(server, init.limits.receiveWindowBytes);
    const enter = entrance(init, (socket) => injector.injectConnection(socket));
    const accept = (socket: Socket, peer: string): void => {
      socket.on('close', () => init.observer?.onConnectionEnd?.(peer));
      enter(socket);
    };
    const port = await Port.listen(address, accept);
    const self = new GrpcJsServer(init, port, server, injector);
    for (const [path, route] of Object.entries(init.routes)) self.#register(path, route);
    return self;
  }

  get address(): Address {
    return this.#port.address;
  }

  get calls(): number {
    return this.#calls;
  }

  async close(graceMs: number): Promise<void> {
    this.#port.stopAccepting();
    this.#injector.drain(graceMs); // Says GOAWAY: no new calls.
    await Promise.all([this.#idleOr(graceMs), this.#init.http1?.drain(graceMs)]);
    const stop = this.#init.clock.after(this.#calls > 0 ? 0 : flushMs, () => this.#port.destroy());
    await this.#port.closed();
    stop();
    this.#server.forceShutdown();
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

  #register(path: string, route: Route): void {
    const passBytes = (bytes: Buffer): Buffer => bytes;
    this.#server.register(path, this.#handlerOf(path, route), gathered, passBytes, route.kind);
  }

  // biome-ignore lint/suspicious/noExplicitAny: grpc-js types the four shapes of a handler as one, by `any`.
  #handlerOf(path: string, route: Route): any {
    switch (route.kind) {
      case 'unary':
        return (grpc: ServerUnaryCall<Buffer, Message>, done: sendUnaryData<Message>) =>
          void this.#answerOnce(path, grpc, done, (call) => route.handle(call, grpc.request));
      case 'clientStream':
        return (grpc: ServerReadableStream<Buffer, Message>, done: sendUnaryData<Message>) =>
          void this.#answerOnce(path, grpc, done, (call) => route.handle(call, call.requests(grpc)));
      case 'serverStream':
        return (grpc: ServerWritableStream<Buffer, Message>) =>
          void this.#answerInStream(path, grpc, (call) => route.handle(call, grpc.request));
      case 'bidi':
        return (grpc: ServerDuplexStream<Buffer, Message>) =>
          void this.#answerInStream(path, grpc, (call) => route.handle(call, call.requests(grpc)));
      default:
        return route satisfies never;
    }
  }

  async #answerOnce(
    path: string,
    grpc: ServerUnaryCall<Buffer, Message> | ServerReadableStream<Buffer, Message>,
    done: sendUnaryData<Message>,
    handle: (call: GrpcJsCall) => Promise<Message>,
  ): Promise<void> {
    using call = this.#begin(grpc);
    let failure: unknown;
    try {
      done(null, await handle(call));
    } catch (reason) {
      failure = reason;
      done(errorOf(reason));
    }
    this.#end(path, call, failure);
  }

  async #answerInStream(
    path: string,
    grpc: ServerWritableStream<Buffer, Message> | ServerDuplexStream<Buffer, Message>,
    handle: (call: GrpcJsCall) => AsyncIterable<Message>,
  ): Promise<void> {
    using call = this.#begin(grpc);
    let failure: unknown;
    try {
      for await (const message of handle(call)) await call.send(grpc, message, messagesInFlightMax);
      grpc.end();
    } catch (reason) {
      failure = reason;
      grpc.emit('error', errorOf(reason));
    }
    this.#end(path, call, failure);
  }

  #begin(grpc: GrpcCall): GrpcJsCall {
    this.#calls++;
    return new GrpcJsCall(grpc, this.#init);
  }

  #end(path: string, call: GrpcJsCall, failure: unknown): void {
    this.#calls--;
    if (this.#calls === 0) this.#onIdle?.();
    this.#init.observer?.onCallEnd?.({
      path,
      caller: call.caller satisfies Caller,
      ms: this.#init.clock.monotonic() - call.startedMs,
      code: failure === undefined ? 'ok' : failure instanceof Failure ? failure.code : 'internal',
      failure,
    });
  }
}

/** Where a new connection goes: to HTTP/2 at once, unless somebody serves HTTP/1.1 beside it. */
function entrance({ http1, clock }: RpcServerInit, http2: (socket: Socket) => void): (socket: Socket) => void {
  if (http1 === undefined) return http2;
  const vestibule = new Vestibule(clock);
  return (socket) => vestibule.receive(socket, (spoken) => (spoken === 'http1' ? http1.take(socket) : http2(socket)));
}

export type GrpcCall =
  | ServerUnaryCall<Buffer, Message>
  | ServerReadableStream<Buffer, Message>
  | ServerWritableStream<Buffer, Message>
  | ServerDuplexStream<Buffer, Message>;

/** A message in one piece. */
export function serialize(message: Message): Buffer {
  if (message instanceof Uint8Array) return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  return Buffer.concat(message);
}

/** What grpc-js makes a status of. */
function errorOf(reason: unknown): { code: number; details: string; metadata: Metadata } {
  const { code, message } = statusOf(reason);
  const metadata = new Metadata();
  const details = statusDetails(reason);
  if (details !== undefined) metadata.set(statusDetailsTrailer, Buffer.from(details));
  return { code, details: message, metadata };
}
