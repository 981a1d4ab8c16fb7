import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { nobody } from '@gorego/context';
import { systemClock } from '@gorego/platform';
import { ManualClock } from '@gorego/platform/testing';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Http2Server } from '../http2/http2-server.ts';
import { defaultLimits } from '../server.ts';
import { RawClient } from '../testing/raw-client.ts';
import { HttpServer } from './http-server.ts';
import { spokenIn } from './vestibule.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function serving(clock: typeof systemClock | ManualClock = systemClock): Promise<Http2Server> {
  const http1 = new HttpServer({
    clock,
    onBug: (reason) => {
      throw reason;
    },
    handlers: [
      async (request, response) => {
        response.end(`${request.method} ${request.url} ${await text(request)}`);
      },
    ],
  });
  const server = await Http2Server.listen('127.0.0.1:0', {
    routes: { '/t.T/Echo': { kind: 'unary', handle: async (_call, request) => request } },
    clock,
    limits: defaultLimits,
    callerOf: () => nobody,
    http1,
  });
  cleanUp.push(
    () => server.close(0),
    () => http1.close(0),
  );
  return server;
}

function connected({ address: { host, port } }: Http2Server): Socket {
  const socket = connect({ host, port, noDelay: true });
  cleanUp.push(() => socket.destroy());
  return socket;
}

test.each([
  ['', undefined],
  ['P', undefined],
  ['PR', undefined],
  ['PRI', undefined],
  ['PRI ', 'http2'],
  ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'http2'],
  ['G', 'http1'],
  ['PU', 'http1'],
  ['PROPFIND / HTTP/1.1\r\n', 'http1'],
  ['PRIVATE / HTTP/1.1\r\n', 'http1'],
  ['\0', 'http1'],
])('%j says %s', (bytes, spoken) => {
  expect(spokenIn(Buffer.from(bytes))).toBe(spoken);
});

describe('one port', () => {
  test('serves gRPC and HTTP/1.1', async () => {
    const server = await serving();
    using client = new RawClient(server.address);
    expect((await client.unary('/t.T/Echo', Buffer.alloc(300_000, 7))).byteLength).toBe(300_000);
    const url = `http://127.0.0.1:${server.address.port}/path`;
    for (const body of ['', 'x'.repeat(300_000)]) {
      const answer = await fetch(url, { method: 'PUT', body });
      expect(await answer.text()).toBe(`PUT /path ${body}`);
    }
    expect((await client.unary('/t.T/Echo', Buffer.from('again'))).toString()).toBe('again');
  });

  test('waits for a client that says one byte at a time', async () => {
    const socket = connected(await serving());
    for (const byte of 'PROPFIND /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n') {
      socket.write(byte);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(await text(socket)).toMatch(/^HTTP\/1.1 200 OK\r\n.*PROPFIND \/a /s);
  });

  test.each(['', 'PR'])('says goodbye to who leaves having said %j', async (words) => {
    const socket = connected(await serving());
    socket.end(words);
    expect(await text(socket)).toBe('');
  });

  test('cuts off who says nothing for long, and not who has spoken', async () => {
    const clock = new ManualClock();
    const server = await serving(clock);
    using client = new RawClient(server.address);
    await client.unary('/t.T/Echo', Buffer.of());
    const silent = connected(server);
    const stammering = connected(server);
    silent.on('error', () => {});
    stammering.on('error', () => {}).write('PR');
    const ends = [silent, stammering].map((socket) => new Promise((resolve) => socket.on('close', resolve)));
    await client.unary('/t.T/Echo', Buffer.of()); // By now both are known.
    clock.pass(60_000);
    await Promise.all(ends);
    expect((await client.unary('/t.T/Echo', Buffer.from('still here'))).toString()).toBe('still here');
  });

  test('lets who has kept silent longest go when too many do', async () => {
    const server = await serving();
    const silent = (): Socket => connected(server).on('error', () => {});
    const first = silent();
    const gone = new Promise((resolve) => first.on('close', resolve));
    await new Promise((resolve) => first.on('connect', resolve));
    const others = Array.from({ length: 1000 }, silent);
    await gone;
    const last = others.at(-1) as Socket;
    last.write('GET /late HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(await text(last)).toMatch(/GET \/late $/);
    expect(others.filter(({ destroyed }) => destroyed).length).toBe(1); // Who has been answered.
  });
});
