import { type ClientHttp2Stream, connect, constants } from 'node:http2';
import { nobody, unlessEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { systemClock } from '@gorego/platform';
import { Metadata, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Call } from '../call.ts';
import type { Route, Routes } from '../route.ts';
import { defaultLimits, type Observer, type RpcServerInit } from '../server.ts';
import { RawClient } from '../testing/raw-client.ts';
import { Http2Server } from './http2-server.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function serving(
  routes: Routes,
  { observer, ...more }: { observer?: Observer } & Partial<RpcServerInit> = {},
): Promise<{ server: Http2Server; client: RawClient }> {
  const server = await Http2Server.listen('127.0.0.1:0', {
    routes,
    clock: systemClock,
    limits: defaultLimits,
    callerOf: (headers, peer) => ({ ...nobody, tool: headers.text('tool') ?? '', peer }),
    ...(observer && { observer }),
    ...more,
  });
  const client = new RawClient(server.address);
  cleanUp.push(() => server.close(0));
  cleanUp.push(() => client[Symbol.dispose]());
  return { server, client };
}

const echo: Route = { kind: 'unary', handle: async (_call, request) => request };
const forever = (call: Call): Promise<never> => unlessEnded(call, new Promise<never>(() => {}));

describe('Http2Server', () => {
  test('answers each kind of method', async () => {
    const { client } = await serving({
      '/t.T/Unary': { kind: 'unary', handle: async (_call, request) => [Buffer.from('<'), request, Buffer.from('>')] },
      '/t.T/Down': {
        kind: 'serverStream',
        handle: async function* (_call, request) {
          for (const byte of request) yield Uint8Array.of(byte);
        },
      },
      '/t.T/Up': {
        kind: 'clientStream',
        handle: async (_call, requests) => Buffer.concat(await Array.fromAsync(requests)),
      },
      '/t.T/Both': {
        kind: 'bidi',
        handle: async function* (_call, requests) {
          for await (const request of requests) yield Buffer.from(request).reverse();
        },
      },
    });
    expect((await client.unary('/t.T/Unary', Buffer.from('hello'))).toString()).toBe('<hello>');
    expect(Buffer.concat(await client.serverStream('/t.T/Down', Buffer.from('abc'))).toString()).toBe('abc');
    const up = await client.clientStream('/t.T/Up', [Buffer.from('ab'), Buffer.of(), Buffer.from('c')]);
    expect(up.toString()).toBe('abc');
    const both = client.bidi('/t.T/Both');
    both.write(Buffer.from('xyz'));
    both.end();
    expect((await Array.fromAsync(both as AsyncIterable<Buffer>)).map(String)).toEqual(['zyx']);
  });

  test.each([
    ['a Failure', new Failure('out_of_range', 'byte 7 of 5'), status.OUT_OF_RANGE, 'byte 7 of 5'],
    ['a Failure with awkward text', new Failure('not_found', 'ä\n%\ud800'), status.NOT_FOUND, 'ä\n%\ufffd'],
    ['a bug', new TypeError('secret detail'), status.INTERNAL, 'internal error'],
  ])('makes the status of %s', async (_, thrown, code, details) => {
    const told: unknown[] = [];
    const fail = async (): Promise<never> => {
      throw thrown;
    };
    const { client } = await serving(
      {
        '/t.T/Unary': { kind: 'unary', handle: fail },
        '/t.T/Down': {
          kind: 'serverStream',
          handle: async function* () {
            yield await fail();
          },
        },
      },
      { observer: { onCallEnd: ({ failure }) => told.push(failure) } },
    );
    await expect(client.unary('/t.T/Unary', Buffer.of())).rejects.toMatchObject({ code, details });
    await expect(client.serverStream('/t.T/Down', Buffer.of())).rejects.toMatchObject({ code, details });
    expect(told).toEqual([thrown, thrown]);
  });

  // obligation: GEN-11
  test('keeps trailers below what clients accept, however long the message', async () => {
    const fail = async (): Promise<never> => {
      throw new Failure('invalid_argument', 'ä'.repeat(100_000));
    };
    const { client } = await serving({ '/t.T/Unary': { kind: 'unary', handle: fail } });
    const error = await client.unary('/t.T/Unary', Buffer.of()).catch((reason: { details: string }) => reason.details);
    expect(Buffer.byteLength(encodeURI(String(error)))).toBeLessThan(8192 * 2);
    expect(String(error).length).toBeLessThanOrEqual(2000);
  });

  // obligation: GEN-12
  test('says UNIMPLEMENTED for what has no route', async () => {
    const { client } = await serving({ '/t.T/Unary': echo });
    await expect(client.unary('/t.T/Other', Buffer.of())).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    await expect(client.unary('/nonsense', Buffer.of())).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  });

  test('refuses a message over the limit, and goes on', async () => {
    const { client } = await serving({ '/t.T/Unary': echo }, { limits: { ...defaultLimits, receiveBytesMax: 1000 } });
    expect(await client.unary('/t.T/Unary', Buffer.alloc(1000))).toHaveLength(1000);
    const tooMuch = client.unary('/t.T/Unary', Buffer.alloc(1001));
    await expect(tooMuch).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(await client.unary('/t.T/Unary', Buffer.alloc(3))).toHaveLength(3);
  });

  test('gives a handler its headers, its caller and the deadline', async () => {
    let seen: Call | undefined;
    const { client } = await serving({
      '/t.T/Unary': {
        kind: 'unary',
        handle: async (call, request) => {
          seen = call;
          return request;
        },
      },
    });
    const metadata = new Metadata();
    metadata.set('tool', 'bazel');
    metadata.set('x-bin', Buffer.from([0, 255]));
    await client.unary('/t.T/Unary', Buffer.of(), metadata, 5000);
    expect(seen?.caller).toMatchObject({ tool: 'bazel', peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
    expect(seen?.headers.binary('x-bin')).toEqual(Buffer.from([0, 255]));
    expect(seen?.headers.text('absent')).toBeUndefined();
    expect((seen?.deadline ?? 0) - systemClock.monotonic()).toBeGreaterThan(0);
  });

  // obligation: GEN-15
  test.each(['/t.T/Unary', '/t.T/Up', '/t.T/Down'])('ends the context of %s when the client leaves', async (path) => {
    const { promise: left, resolve } = Promise.withResolvers<Failure>();
    const wait = async (call: Call): Promise<never> => {
      call.onEnd(resolve);
      return forever(call);
    };
    const { client, server } = await serving({
      '/t.T/Unary': { kind: 'unary', handle: wait },
      '/t.T/Up': { kind: 'clientStream', handle: wait },
      '/t.T/Down': {
        kind: 'serverStream',
        handle: async function* (call) {
          yield await wait(call);
        },
      },
    });
    const call = client.bidi(path);
    call.on('error', () => {});
    call.write(Buffer.of(1));
    if (path !== '/t.T/Up') call.end();
    while (server.calls === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    call.cancel();
    expect(await left).toMatchObject({ code: 'cancelled' });
  });

  test('ends the context when the client’s deadline passes', async () => {
    const { promise: left, resolve } = Promise.withResolvers<Failure>();
    const { client } = await serving({
      '/t.T/Unary': {
        kind: 'unary',
        handle: (call) => {
          call.onEnd(resolve);
          return forever(call);
        },
      },
    });
    const late = client.unary('/t.T/Unary', Buffer.of(), undefined, 50);
    await expect(late).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await left;
  });

  test('says nothing more once it has said that the deadline passed, whatever the handler does then', async () => {
    const { promise: late, resolve: goOn } = Promise.withResolvers<void>();
    const up: Route = {
      kind: 'clientStream',
      handle: async () => {
        await late; // As one that does not listen to its context.
        return Buffer.from('late');
      },
    };
    const { server } = await serving({ '/t.T/Up': up, '/t.T/Unary': echo });
    const session = connect(`http://127.0.0.1:${server.address.port}`);
    cleanUp.push(() => session.destroy());
    const call = (path: string, timeout: string): ClientHttp2Stream =>
      session.request({
        ...{ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
        'grpc-timeout': timeout,
      });
    const first = call('/t.T/Up', '20m'); // It never says that it has said all.
    const answered = new Promise((resolve) => first.once('response', resolve));
    expect(await answered).toMatchObject({ 'grpc-status': String(status.DEADLINE_EXCEEDED) });
    goOn();
    while (server.calls > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const second = call('/t.T/Unary', '60S');
    second.end(Buffer.from('000000000178', 'hex'));
    second.resume();
    const trailers = new Promise((resolve) => second.once('trailers', resolve));
    expect(await trailers).toMatchObject({ 'grpc-status': '0' });
    expect([first.destroyed, session.destroyed]).toEqual([false, false]);
  });

  test.each(['99999999H', '1', 'x', '-1S', ''])('survives the timeout %j', async (timeout) => {
    const { server, client } = await serving({ '/t.T/Unary': echo });
    const session = connect(`http://127.0.0.1:${server.address.port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/t.T/Unary',
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': timeout,
    });
    stream.on('error', () => {});
    stream.end(Buffer.from([0, 0, 0, 0, 0]));
    stream.resume();
    await new Promise((resolve) => stream.on('close', resolve));
    session.destroy();
    expect(await client.unary('/t.T/Unary', Buffer.from('x'))).toHaveLength(1);
  });

  // obligation: BSW-22
  test('stays healthy through 200 uploads it answered before their end, on one connection', async () => {
    const { client } = await serving({
      '/t.T/Up': {
        kind: 'clientStream',
        handle: async (_call, requests) => {
          for await (const request of requests) return request.subarray(0, 1);
          return Buffer.of();
        },
      },
      '/t.T/Unary': echo,
    });
    const piece = Buffer.alloc(64 * 1024, 7);
    const upload = async (): Promise<void> => {
      const answer = await client.clientStream(
        '/t.T/Up',
        Array.from({ length: 128 }, () => piece),
      );
      expect(answer).toEqual(Buffer.of(7));
    };
    for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 10 }, upload));
    expect(await client.unary('/t.T/Unary', Buffer.alloc(1_000_000))).toHaveLength(1_000_000);
  });

  // obligation: BSW-22
  test.each([
    ['when it has its answer', async () => Buffer.of(), 30_000],
    ['without an answer', forever, 100], // Node’s client keeps account of what it has not sent, and gives up early.
  ])(
    'stays healthy through 2,000 calls that a client resets %s, on one connection',
    async (when, handle, bytes) => {
      const early: Route = { kind: 'clientStream', handle };
      const { server } = await serving({ '/t.T/Up': early, '/t.T/Unary': echo });
      const session = connect(`http://127.0.0.1:${server.address.port}`);
      cleanUp.push(() => session.destroy());
      const call = (path: string): ClientHttp2Stream =>
        session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
      // As grpc-java does for an upload that is answered early.
      const reset = async (): Promise<void> => {
        const stream = call('/t.T/Up');
        stream.on('error', () => {});
        stream.write(Buffer.alloc(bytes)); // A message’s beginning.
        stream.resume();
        const closed = new Promise((resolve) => stream.once('close', resolve));
        const answered = new Promise((resolve) => stream.once('response', resolve));
        if (when === 'when it has its answer') await Promise.race([answered, closed]);
        stream.close(constants.NGHTTP2_CANCEL);
        await closed;
      };
      for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 100 }, reset));
      const last = call('/t.T/Unary');
      last.end(Buffer.from('000000000178', 'hex'));
      last.resume();
      const trailers = new Promise((resolve) => last.once('trailers', resolve));
      expect(await trailers).toMatchObject({ 'grpc-status': '0' });
    },
    60_000,
  );

  // obligation: BSR-15
  test('makes no more of a stream than its reader takes', async () => {
    let made = 0;
    let left = false;
    const { server } = await serving({
      '/t.T/Down': {
        kind: 'serverStream',
        handle: async function* () {
          try {
            for (; made < 1000; made++) yield Buffer.alloc(64 * 1024);
          } finally {
            left = true;
          }
        },
      },
    });
    const session = connect(`http://127.0.0.1:${server.address.port}`); // grpc-js's client would read by itself.
    const headers = { ':method': 'POST', ':path': '/t.T/Down', 'content-type': 'application/grpc', te: 'trailers' };
    const call = session.request(headers);
    call.on('error', () => {});
    call.end(Buffer.alloc(5));
    while (made === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(made).toBeLessThan(10);
    session.destroy();
    while (!left) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  describe('when closed', () => {
    test('lets calls finish, and takes no new ones', async () => {
      const { promise: gate, resolve: open } = Promise.withResolvers<void>();
      const { client, server } = await serving({
        '/t.T/Unary': {
          kind: 'unary',
          handle: async (_call, request) => {
            await gate;
            return request;
          },
        },
      });
      const answer = client.unary('/t.T/Unary', Buffer.from('late'));
      while (server.calls === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      const closed = server.close(10_000);
      using other = new RawClient(server.address);
      await expect(other.unary('/t.T/Unary', Buffer.of())).rejects.toMatchObject({ code: status.UNAVAILABLE });
      open();
      expect((await answer).toString()).toBe('late');
      await closed;
    });

    test('cuts off what outlasts the grace', async () => {
      const { client, server } = await serving({ '/t.T/Unary': { kind: 'unary', handle: forever } });
      const answer = client.unary('/t.T/Unary', Buffer.of()).catch((reason: { code: number }) => reason.code);
      while (server.calls === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await server.close(20);
      expect([status.UNAVAILABLE, status.CANCELLED, status.INTERNAL]).toContain(await answer);
    });
  });

  test('takes messages that are compressed by gzip', async () => {
    const { server } = await serving({ '/t.T/Unary': echo });
    using client = new RawClient(server.address, { 'grpc.default_compression_algorithm': 2 });
    const message = Buffer.alloc(100_000, 'gorego');
    expect((await client.unary('/t.T/Unary', message)).equals(message)).toBe(true);
  });

  test('tells the observer of each call and each connection', async () => {
    const calls: unknown[] = [];
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    const { client } = await serving(
      { '/t.T/Unary': echo },
      { observer: { onCallEnd: ({ path, code }) => calls.push([path, code]), onConnectionEnd: resolve } },
    );
    await client.unary('/t.T/Unary', Buffer.of());
    client[Symbol.dispose]();
    expect(await ended).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(calls).toEqual([['/t.T/Unary', 'ok']]);
  });

  test('says in one sentence that the port is taken', async () => {
    const { server } = await serving({});
    const second = Http2Server.listen(`127.0.0.1:${server.address.port}`, {
      routes: {},
      clock: systemClock,
      limits: defaultLimits,
      callerOf: () => nobody,
    });
    await expect(second).rejects.toMatchObject({
      message: expect.stringMatching(/cannot listen on .*: another program/),
    });
  });
});
