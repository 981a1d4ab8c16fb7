import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { systemClock } from '@gorego/platform';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Address } from '../server.ts';
import { type HttpHandler, HttpServer } from './http-server.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function serving(...handlers: HttpHandler[]): Promise<{ server: HttpServer; url: string; bugs: unknown[] }> {
  const bugs: unknown[] = [];
  const onBug = (reason: unknown): void => void bugs.push(reason);
  const server = await HttpServer.listen('127.0.0.1:0', { handlers, clock: systemClock, onBug });
  cleanUp.push(() => server.close(0));
  return { server, bugs, url: `http://127.0.0.1:${(server.address as Address).port}` };
}

const says =
  (path: string, words: string): HttpHandler =>
  (request, response) => {
    if (request.url !== path) return undefined;
    response.end(words);
    return Promise.resolve();
  };

describe('HttpServer', () => {
  test('gives each request to the first handler that takes it', async () => {
    const { url } = await serving(says('/a', 'first'), says('/a', 'second'), says('/b', 'third'));
    const ask = async (path: string): Promise<[number, string]> => {
      const answer = await fetch(`${url}${path}`);
      return [answer.status, await answer.text()];
    };
    expect(await ask('/a')).toEqual([200, 'first']);
    expect(await ask('/b')).toEqual([200, 'third']);
    expect(await ask('/c')).toEqual([404, 'there is nothing here\n']);
  });

  test('answers 500 for a bug, tells of it, and says nothing of it to the client', async () => {
    const { url, bugs } = await serving(async () => {
      throw new TypeError('secret');
    });
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([500, '']);
    expect(bugs).toMatchObject([{ message: 'secret' }]);
  });

  test('cuts an answer off that a bug has stopped', async () => {
    const { url } = await serving(async (_request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('half');
      throw new TypeError('secret');
    });
    await expect(fetch(url).then((answer) => answer.text())).rejects.toThrow();
  });

  test('lets what is under way finish, and closes connections that nobody uses', async () => {
    const { promise: release, resolve } = Promise.withResolvers<void>();
    const { server, url } = await serving(async (request, response) => {
      if (request.url === '/slow') await release;
      response.end('done');
    });
    expect(await (await fetch(`${url}/fast`)).text()).toBe('done'); // Its connection is kept.
    const slow = fetch(`${url}/slow`);
    while (server.requests === 0) await new Promise((wake) => setTimeout(wake, 1));
    const drained = server.drain(60_000);
    resolve();
    const answer = await slow;
    expect([await answer.text(), answer.headers.get('connection')]).toEqual(['done', 'close']);
    await drained;
    await expect(fetch(`${url}/fast`)).rejects.toThrow();
  });

  test('cuts off what does not finish in time', async () => {
    const { server, url } = await serving(() => new Promise(() => {}));
    const slow = fetch(url);
    while (server.requests === 0) await new Promise((wake) => setTimeout(wake, 1));
    await Promise.all([expect(slow).rejects.toThrow(), server.close(20)]);
  });

  test('ends the connection of a client that asked first, and was refused', async () => {
    const { server } = await serving(async (_request, response) => {
      response.writeHead(413).end();
    });
    const socket = connect(server.address as Address);
    socket.write('PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1.1 413 .*\r\nConnection: close\r\n/s);
  });

  test.each([
    ['no HTTP/1.1', 'INVALID CONNECTION PREFACE\r\n\r\n', /^$/],
    ['a header that is none', 'GET / HTTP/1.1\r\nhost x\r\n\r\n', /^HTTP\/1.1 400 Bad Request\r\n/],
    ['headers too large', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1.1 431 /],
    [
      'nonsense behind a request that has been answered',
      'PUT /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n',
      /^HTTP\/1.1 200 OK\r\n(?!.*400)/s,
    ],
  ])('hangs up on %s', async (_, words, answer) => {
    const { server } = await serving(async (request, response) => {
      response.writeHead(200).write('begun');
      request.on('error', () => {});
    });
    const socket = connect(server.address as Address);
    socket.write(words);
    expect(await text(socket)).toMatch(answer);
  });
});
