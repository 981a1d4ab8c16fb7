import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LoadConnection } from './load-connection.ts';

/** What a call of the method `path` does at the server of these tests, with the whole request body. */
const methods: Record<string, (stream: ServerHttp2Stream, body: Buffer) => void> = {
  '/hash': (stream, body) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.end(createHash('sha256').update(body).digest('hex'));
  },
  '/repeat': (stream, body) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.alloc(Number(body), 'x'));
  },
  '/refuse': (stream) => stream.respond({ ':status': 200, 'grpc-status': '5' }, { endStream: true }),
  '/reset': (stream) => stream.close(2),
};

let server: Http2Server;
let connection: LoadConnection;

beforeEach(async () => {
  server = createServer({ settings: { initialWindowSize: 20_000 } });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {}); // Those that were reset.
    const early = headers[':path'] === '/early';
    if (early) stream.respond({ ':status': 200 }, { endStream: true });
    const body: Buffer[] = [];
    stream.on('data', (bytes: Buffer) => body.push(bytes));
    stream.on('end', () => early || methods[headers[':path'] ?? '']?.(stream, Buffer.concat(body)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  connection = await LoadConnection.connect((server.address() as AddressInfo).port, { streamWindowBytes: 100_000 });
});

afterEach(async () => {
  connection.close();
  server.close();
  await once(server, 'close');
});

function ask(path: string, pieces: Iterable<Uint8Array>): Promise<{ problem: string | undefined; body: Buffer }> {
  const iterator = pieces[Symbol.iterator]();
  const body: Buffer[] = [];
  return new Promise((resolve) => {
    connection.call(path, {
      next: () => iterator.next().value,
      onData: (bytes) => body.push(Buffer.from(bytes)),
      onEnd: (problem) => resolve({ problem, body: Buffer.concat(body) }),
    });
  });
}

describe('LoadConnection', () => {
  test.each([
    ['nothing', []],
    ['a little', [5]],
    ['pieces', [1, 16384, 16385, 3]],
    ['more than all windows', Array.from({ length: 40 }, () => 65536)],
  ])('sends %s', async (_, sizes) => {
    const pieces = sizes.map((size, i) => Buffer.alloc(size, `${i}`));
    const expected = createHash('sha256').update(Buffer.concat(pieces)).digest('hex');
    const { problem, body } = await ask('/hash', pieces);
    expect({ problem, hash: body.toString() }).toEqual({ problem: undefined, hash: expected });
  });

  test('receives more than its window', async () => {
    const { problem, body } = await ask('/repeat', [Buffer.from('3000000')]);
    expect({ problem, length: body.length }).toEqual({ problem: undefined, length: 3_000_000 });
  });

  test('makes many calls at once', async () => {
    const sizes = Array.from({ length: 100 }, (_, i) => i * 997);
    const answers = await Promise.all(sizes.map((size) => ask('/repeat', [Buffer.from(`${size}`)])));
    expect(answers.map(({ body }) => body.length)).toEqual(sizes);
  });

  test('hears of an answer without a message', async () => {
    expect(await ask('/refuse', [])).toEqual({ problem: undefined, body: Buffer.alloc(0) });
  });

  test('stops sending when the answer comes early, and goes on with other calls', async () => {
    const endless = function* (): Generator<Uint8Array> {
      for (;;) yield Buffer.alloc(10_000);
    };
    expect(await ask('/early', endless())).toMatchObject({ problem: undefined });
    expect((await ask('/repeat', [Buffer.from('7')])).body.toString()).toBe('xxxxxxx');
  });

  test('tells of calls that come to nothing', async () => {
    expect(await ask('/reset', [])).toMatchObject({ problem: 'the server reset the stream, code 2' });
    const waiting = ask('/never', []);
    await ask('/hash', []);
    connection.close();
    expect((await waiting).problem).toBe('closed');
    expect((await ask('/hash', [])).problem).toBe('closed');
  });
});
