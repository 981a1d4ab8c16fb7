import type { Context } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  type ClientReadableStream,
  type ClientWritableStream,
  credentials,
  Metadata,
  type ServiceError,
  status as Status,
} from '@grpc/grpc-js';
import type { RpcClient } from '../client.ts';
import type { Message } from '../route.ts';
import { codeOf } from '../status.ts';

export interface GrpcJsClientInit {
  readonly clock: Clock;
  readonly host: string;
  readonly port: number;
  /** Undefined is HTTP/2 without TLS. */
  readonly tls?: Tls | undefined;
  /** How many connections share the calls. */
  readonly connections: number;
  /** Headers of each call; asked for each time, so that a token can change. */
  readonly headersOf: (ctx: Context) => Iterable<readonly [string, string | Uint8Array]>;
  /** What the server may send ahead of being read, bytes: per call, and sixteen times that per connection. */
  readonly receiveWindowBytes: number;
}

export interface Tls {
  /** PEM; the system's authorities unless given. */
  readonly ca?: Uint8Array | undefined;
  /** PEM, both or neither. */
  readonly certificate?: Uint8Array | undefined;
  readonly key?: Uint8Array | undefined;
  /** The name the server's certificate must have, if it is not the host's. */
  readonly serverName?: string | undefined;
}

/** How often an idle or busy connection is asked whether it lives, and how long it may take to say so. */
const keepaliveMs = 20_000;
const keepaliveTimeoutMs = 5_000;

/** A server that comes back is noticed within this. */
const reconnectMsMax = 1_000;

/** Messages of one stream that wait to be taken. grpc-js alone would let sixteen of them wait. */
const messagesAheadMax = 1;

/** Calls a server by @grpc/grpc-js, over several connections, each call on the one with the fewest. */
export class GrpcJsClient implements RpcClient, Disposable {
  readonly #init: GrpcJsClientInit;
  #connections: Connection[];

  constructor(init: GrpcJsClientInit) {
    this.#init = init;
    this.#connections = this.#connect();
  }

  /** Leaves every connection to the calls it carries, and begins anew: for when one may be dead without knowing. */
  reconnect(): void {
    const left = this.#connections;
    this.#connections = this.#connect();
    for (const { client } of left) client.close();
  }

  unary(ctx: Context, path: string, request: Message): Promise<Uint8Array> {
    return this.#carry(ctx, ({ client }, metadata, options) => {
      const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
      const call = client.makeUnaryRequest<Message, Buffer>(
        path,
        serialize,
        pass,
        request,
        metadata,
        options,
        (error, value) => {
          stop();
          if (value === undefined) reject(ctx.ended ?? failureOf(error));
          else resolve(value);
        },
      );
      const stop = ctx.onEnd(() => call.cancel());
      return promise;
    });
  }

  async *serverStream(ctx: Context, path: string, request: Message): AsyncGenerator<Uint8Array> {
    const connection = this.#leastLoaded();
    connection.calls++;
    const { client } = connection;
    const call = client.makeServerStreamRequest<Message, Buffer>(path, serialize, pass, request, ...this.#about(ctx));
    holdBack(call);
    const stop = ctx.onEnd(() => call.cancel());
    try {
      for await (const message of call) yield message as Buffer;
    } catch (reason) {
      throw ctx.ended ?? failureOf(reason);
    } finally {
      stop();
      call.cancel();
      connection.calls--;
    }
    if (ctx.ended !== undefined) throw ctx.ended;
  }

  clientStream(ctx: Context, path: string, requests: AsyncIterable<Message>): Promise<Uint8Array> {
    return this.#carry(ctx, async ({ client }, metadata, options) => {
      const answered = Promise.withResolvers<Uint8Array>();
      const call = client.makeClientStreamRequest<Message, Buffer>(
        path,
        serialize,
        pass,
        metadata,
        options,
        (error, value) => {
          if (value === undefined) answered.reject(ctx.ended ?? failureOf(error));
          else answered.resolve(value);
        },
      );
      call.on('error', () => {}); // The callback has the same news.
      const stop = ctx.onEnd(() => call.cancel());
      try {
        await send(call, requests, answered.promise);
        return await answered.promise;
      } catch (reason) {
        call.cancel();
        answered.promise.catch(() => {}); // Its end, whatever it is, is our doing.
        throw reason;
      } finally {
        stop();
      }
    });
  }

  [Symbol.dispose](): void {
    for (const { client } of this.#connections) client.close();
  }

  async #carry<T>(
    ctx: Context,
    run: (connection: Connection, metadata: Metadata, options: CallOptions) => Promise<T>,
  ): Promise<T> {
    if (ctx.ended !== undefined) throw ctx.ended;
    const connection = this.#leastLoaded();
    connection.calls++;
    try {
      return await run(connection, ...this.#about(ctx));
    } finally {
      connection.calls--;
    }
  }

  #about(ctx: Context): [Metadata, CallOptions] {
    const metadata = new Metadata();
    for (const [name, value] of this.#init.headersOf(ctx)) {
      metadata.set(name, typeof value === 'string' ? value : Buffer.from(value));
    }
    if (ctx.deadline === undefined) return [metadata, {}];
    return [metadata, { deadline: Date.now() + (ctx.deadline - this.#init.clock.monotonic()) }];
  }

  #leastLoaded(): Connection {
    return this.#connections.reduce((least, each) => (each.calls < least.calls ? each : least));
  }

  #connect(): Connection[] {
    const { host, port, tls, connections, receiveWindowBytes } = this.#init;
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    const options = {
      'grpc.max_receive_message_length': -1, // What a server may answer is bounded where it is asked.
      'grpc.max_send_message_length': -1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0, // Retrying is decided by who knows what is safe to repeat.
      'grpc.service_config_disable_resolution': 1,
      'grpc.keepalive_time_ms': keepaliveMs,
      'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': reconnectMsMax,
      'grpc-node.flow_control_window': receiveWindowBytes,
      ...(tls?.serverName && {
        'grpc.ssl_target_name_override': tls.serverName,
        'grpc.default_authority': tls.serverName,
      }),
    };
    return Array.from({ length: connections }, () => ({
      client: new Client(address, channelCredentials(tls), options),
      calls: 0,
    }));
  }
}

interface Connection {
  readonly client: Client;
  calls: number;
}

function channelCredentials(tls: Tls | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const pem = (bytes: Uint8Array | undefined): Buffer | null => (bytes === undefined ? null : Buffer.from(bytes));
  return credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.certificate));
}

/**
 * Makes a stream wait for its reader. grpc-js receives without end whatever comes before it is first asked to read, and
 * keeps sixteen messages ahead after that; so it is asked at once, and to keep one.
 */
function holdBack(call: ClientReadableStream<Buffer>): void {
  const state: unknown = Reflect.get(call, '_readableState');
  if (typeof state === 'object' && state !== null) Reflect.set(state, 'highWaterMark', messagesAheadMax);
  call.read(0);
}

/** Writes the requests as fast as they are taken, until they end or the call is answered. */
async function send(
  call: ClientWritableStream<Message>,
  requests: AsyncIterable<Message>,
  answered: Promise<unknown>,
): Promise<void> {
  let isAnswered = false;
  const done = answered.then(
    () => (isAnswered = true),
    () => (isAnswered = true),
  );
  for await (const request of requests) {
    if (isAnswered) return;
    await Promise.race([new Promise<void>((resolve) => call.write(request, () => resolve())), done]);
    if (isAnswered) return;
  }
  call.end();
}

function failureOf(error: ServiceError | unknown): Failure {
  const { code, details } = error as Partial<ServiceError>;
  if (typeof code !== 'number') return Failure.from(error);
  const isBroken = code === Status.INTERNAL && isBrokenStream(details);
  return new Failure(isBroken ? 'unavailable' : codeOf(code), said(details), { cause: error });
}

/** What went wrong, without what grpc-js wraps around a connection that could not be made. */
function said(details = ''): string {
  const [, why] =
    /^No connection established\. Last error: (?:Error: )?(.*?)\.? Resolution note: ?$/s.exec(details) ?? [];
  return why ?? details;
}

/** grpc-js calls INTERNAL what was not said by the server: its stream broke, as when the connection turns into nonsense. */
function isBrokenStream(details = ''): boolean {
  return details.startsWith('Received RST_STREAM with code ');
}

function pass(bytes: Buffer): Buffer {
  return bytes;
}

/** A message in one piece. */
function serialize(message: Message): Buffer {
  if (message instanceof Uint8Array) return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  return Buffer.concat(message);
}
