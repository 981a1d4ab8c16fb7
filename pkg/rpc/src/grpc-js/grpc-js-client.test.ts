import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { background, nobody, Scope, unlessEnded, withTimeout } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { systemClock } from '@gorego/platform';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Http2Server } from '../http2/http2-server.ts';
import type { Routes } from '../route.ts';
import { defaultLimits } from '../server.ts';
import { GrpcJsClient, type GrpcJsClientInit } from './grpc-js-client.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const ctx = background();

function clientOf(port: number, init: Partial<GrpcJsClientInit> = {}): GrpcJsClient {
  const client = new GrpcJsClient({
    clock: systemClock,
    host: '127.0.0.1',
    port,
    connections: 2,
    headersOf: () => [],
    receiveWindowBytes: 64 * 1024,
    ...init,
  });
  cleanUp.push(() => client[Symbol.dispose]());
  return client;
}

async function serving(
  routes: Routes,
  init: Partial<GrpcJsClientInit> = {},
): Promise<{ client: GrpcJsClient; server: Http2Server }> {
  const server = await Http2Server.listen('127.0.0.1:0', {
    routes,
    clock: systemClock,
    limits: defaultLimits,
    callerOf: (headers) => ({
      ...nobody,
      tool: headers.text('tool') ?? '',
      target: String(headers.binary('t-bin') ?? ''),
    }),
  });
  cleanUp.push(() => server.close(0));
  return { server, client: clientOf(server.address.port, init) };
}

async function* pieces(count: number, size = 1000): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield new Uint8Array(size).fill(i);
}

describe('GrpcJsClient', () => {
  test('calls each kind of method, with its headers', async () => {
    const { client } = await serving(
      {
        '/t.T/Unary': {
          kind: 'unary',
          handle: async (call, request) => [request, Buffer.from(call.caller.tool + call.caller.target)],
        },
        '/t.T/Down': {
          kind: 'serverStream',
          handle: async function* () {
            yield* pieces(5);
          },
        },
        '/t.T/Up': {
          kind: 'clientStream',
          handle: async (_, requests) => Buffer.of((await Array.fromAsync(requests)).length),
        },
      },
      {
        headersOf: () => [
          ['tool', 'x'],
          ['t-bin', Buffer.from('y')],
        ],
      },
    );
    expect(Buffer.from(await client.unary(ctx, '/t.T/Unary', [Buffer.from('a'), Buffer.from('b')])).toString()).toBe(
      'abxy',
    );
    expect(await Array.fromAsync(client.serverStream(ctx, '/t.T/Down', Buffer.of()))).toHaveLength(5);
    expect(await client.clientStream(ctx, '/t.T/Up', pieces(7))).toEqual(Buffer.of(7));
  });

  test.each(['/t.T/Unary', '/t.T/Down', '/t.T/Up'])('makes a Failure of the status of %s', async (path) => {
    const fail = async (): Promise<never> => {
      throw new Failure('data_loss', 'the disk lied');
    };
    const { client } = await serving({
      '/t.T/Unary': { kind: 'unary', handle: fail },
      '/t.T/Down': {
        kind: 'serverStream',
        handle: async function* () {
          yield await fail();
        },
      },
      '/t.T/Up': { kind: 'clientStream', handle: fail },
    });
    await expect(callOf(client, path)).rejects.toMatchObject({ code: 'data_loss', message: 'the disk lied' });
  });

  const callOf = (client: GrpcJsClient, path: string, scope = ctx): Promise<unknown> => {
    if (path.endsWith('Unary')) return client.unary(scope, path, Buffer.of());
    if (path.endsWith('Down')) return Array.fromAsync(client.serverStream(scope, path, Buffer.of()));
    return client.clientStream(scope, path, pieces(3));
  };

  test.each(['/t.T/Unary', '/t.T/Down', '/t.T/Up'])('ends %s with its context, and for its reason', async (path) => {
    const left: unknown[] = [];
    const wait = async (call: Parameters<typeof unlessEnded>[0]): Promise<never> => {
      call.onEnd((why) => left.push(why.code));
      return unlessEnded(call, new Promise<never>(() => {}));
    };
    const { client, server } = await serving({
      '/t.T/Unary': { kind: 'unary', handle: wait },
      '/t.T/Down': {
        kind: 'serverStream',
        handle: async function* (call) {
          yield await wait(call);
        },
      },
      '/t.T/Up': { kind: 'clientStream', handle: wait },
    });
    using scope = new Scope();
    const why = new Failure('cancelled', 'enough');
    const answer = callOf(client, path, scope);
    while (server.calls === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    scope.cancel(why);
    await expect(answer).rejects.toBe(why);
    while (server.calls > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(left).toEqual(['cancelled']);
    await expect(callOf(client, path, scope)).rejects.toBe(why);
  });

  test('lets the deadline travel', async () => {
    let left: number | undefined;
    const { client } = await serving({
      '/t.T/Unary': {
        kind: 'unary',
        handle: async (call, request) => {
          left = (call.deadline ?? 0) - systemClock.monotonic();
          return request;
        },
      },
    });
    using scope = withTimeout(ctx, systemClock, 60_000);
    await client.unary(scope, '/t.T/Unary', Buffer.of());
    expect(left).toBeGreaterThan(50_000);
    expect(left).toBeLessThanOrEqual(60_000);
  });

  test('receives no more than is taken, whenever the taking begins', async () => {
    let made = 0;
    const { client } = await serving({
      '/t.T/Down': {
        kind: 'serverStream',
        handle: async function* () {
          for (; made < 1000; made++) yield Buffer.alloc(64 * 1024);
        },
      },
    });
    let taken = 0;
    for await (const _ of client.serverStream(ctx, '/t.T/Down', Buffer.of())) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (++taken === 10) break;
    }
    expect(made - taken).toBeLessThan(20);
  });

  test('cancels the call when its stream is left', async () => {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    const { client } = await serving({
      '/t.T/Down': {
        kind: 'serverStream',
        handle: async function* (call) {
          call.onEnd(() => resolve());
          for (;;) yield Buffer.alloc(1000);
        },
      },
    });
    for await (const _ of client.serverStream(ctx, '/t.T/Down', Buffer.of())) break;
    await left;
  });

  test('asks for no more requests once it is answered', async () => {
    const { client } = await serving({
      '/t.T/Up': {
        kind: 'clientStream',
        handle: async (_, requests) => {
          for await (const request of requests) return request.subarray(0, 1);
          return Buffer.of();
        },
      },
    });
    let asked = 0;
    let isLeft = false;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          asked++;
          yield Buffer.alloc(64 * 1024, 9);
        }
      } finally {
        isLeft = true;
      }
    };
    expect(await client.clientStream(ctx, '/t.T/Up', endless())).toEqual(Buffer.of(9));
    expect(isLeft).toBe(true);
    expect(asked).toBeLessThan(100);
  });

  test('blames the giver for what the giver did', async () => {
    const { client, server } = await serving({
      '/t.T/Up': {
        kind: 'clientStream',
        handle: async (_, requests) => Buffer.of((await Array.fromAsync(requests)).length),
      },
    });
    const giver = new Failure('unavailable', 'the sender hung up');
    const breaking = async function* (): AsyncGenerator<Uint8Array> {
      yield* pieces(3);
      throw giver;
    };
    await expect(client.clientStream(ctx, '/t.T/Up', breaking())).rejects.toBe(giver);
    while (server.calls > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test('says unavailable at once where nobody listens', async () => {
    const client = clientOf(1);
    const call = client.unary(ctx, '/t.T/Unary', Buffer.of());
    await expect(call).rejects.toMatchObject({ code: 'unavailable', message: 'connect ECONNREFUSED 127.0.0.1:1' });
  });

  test('says unavailable of a connection that turns into nonsense', async () => {
    const emptySettings = Buffer.from('000000040000000000', 'hex');
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write(emptySettings);
      socket.once('data', () => setImmediate(() => socket.write(Buffer.alloc(1000, 0xa5))));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUp.push(() => server.close());
    const client = clientOf((server.address() as AddressInfo).port);
    for (let i = 0; i < 5; i++)
      await expect(client.unary(ctx, '/t.T/Unary', Buffer.of())).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('has new connections after a reconnect, while old calls go on', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { client } = await serving({
      '/t.T/Unary': {
        kind: 'unary',
        handle: async (_, request) => {
          if (request.byteLength > 0) await gate;
          return request;
        },
      },
    });
    const old = client.unary(ctx, '/t.T/Unary', Buffer.of(1));
    await client.unary(ctx, '/t.T/Unary', Buffer.of());
    client.reconnect();
    await client.unary(ctx, '/t.T/Unary', Buffer.of());
    open();
    expect(await old).toEqual(Buffer.of(1));
  });

  test('shares its calls among its connections', async () => {
    const peers = new Set<string>();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const server = await Http2Server.listen('127.0.0.1:0', {
      routes: {
        '/t.T/Unary': {
          kind: 'unary',
          handle: async (call, request) => {
            peers.add(call.caller.peer);
            if (peers.size === 3) open();
            await gate;
            return request;
          },
        },
      },
      clock: systemClock,
      limits: defaultLimits,
      callerOf: (_, peer) => ({ ...nobody, peer }),
    });
    cleanUp.push(() => server.close(0));
    const client = clientOf(server.address.port, { connections: 3 });
    await Promise.all(Array.from({ length: 6 }, () => client.unary(ctx, '/t.T/Unary', Buffer.of())));
    expect(peers.size).toBe(3);
  });
});
