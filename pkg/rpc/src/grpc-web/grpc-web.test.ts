import { gzipSync } from 'node:zlib';
import { nobody, unlessEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { systemClock } from '@gorego/platform';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Call } from '../call.ts';
import { HttpServer } from '../http1/http-server.ts';
import type { Routes } from '../route.ts';
import { defaultLimits } from '../server.ts';
import { messagesIn } from './frames.ts';
import { grpcWeb } from './grpc-web.ts';

const ended: [path: string, code: string][] = [];
const bugs: unknown[] = [];
let silentCalls = 0;
const forever = (call: Call): Promise<never> => {
  silentCalls++;
  return unlessEnded(call, new Promise<never>(() => {}));
};

const routes: Routes = {
  '/t.T/Echo': { kind: 'unary', handle: async (_call, request) => [Buffer.from('<'), request, Buffer.from('>')] },
  '/t.T/Tool': { kind: 'unary', handle: async (call) => Buffer.from(`${call.caller.tool} ${call.caller.action}`) },
  '/t.T/Down': {
    kind: 'serverStream',
    handle: async function* (_call, request) {
      for (const byte of request) yield Uint8Array.of(byte);
    },
  },
  '/t.T/Up': { kind: 'clientStream', handle: async (_call, all) => Buffer.concat(await Array.fromAsync(all)) },
  '/t.T/Both': {
    kind: 'bidi',
    handle: async function* (_call, requests) {
      for await (const request of requests) yield Buffer.from(request).reverse();
    },
  },
  '/t.T/Fails': {
    kind: 'serverStream',
    handle: async function* () {
      yield Buffer.from('one');
      throw new Failure('not_found', 'nothing hère\n%');
    },
  },
  '/t.T/Bug': {
    kind: 'unary',
    handle: async () => {
      throw new TypeError('secret');
    },
  },
  '/t.T/Detailed': {
    kind: 'unary',
    handle: async () => {
      throw new Failure('invalid_argument', 'why', { details: [{ typeUrl: 'type/T', value: Buffer.of(1) }] });
    },
  },
  '/t.T/Silent': { kind: 'unary', handle: forever },
};

let server: HttpServer;
let url: string;
beforeEach(async () => {
  ended.length = 0;
  silentCalls = 0;
  const handler = grpcWeb({
    routes,
    clock: systemClock,
    limits: { ...defaultLimits, receiveBytesMax: 100_000 },
    callerOf: (headers, peer) => {
      const action = Buffer.from(headers.binary('x-bin') ?? []).toString();
      return { ...nobody, tool: headers.text('user-agent') ?? '', action, peer };
    },
    observer: { onCallEnd: ({ path, code }) => ended.push([path, code]) },
    allowedOrigins: ['https://pages.example'],
  });
  server = await HttpServer.listen('127.0.0.1:0', {
    handlers: [handler],
    clock: systemClock,
    onBug: (reason) => bugs.push(reason),
  });
  url = `http://127.0.0.1:${server.address?.port}`;
});
afterEach(async () => {
  expect(bugs).toEqual([]);
  await server.close(0);
});

function frame(message: string | Uint8Array, flags = 0): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(flags);
  header.writeUInt32BE(Buffer.from(message).byteLength, 1);
  return Buffer.concat([header, Buffer.from(message)]);
}

interface Answer {
  readonly messages: string[];
  readonly status: number;
  readonly message: string;
  readonly details?: string;
}

/** Reads frames to the trailers, which must be last. */
function answerIn(body: Buffer): Answer {
  const messages: string[] = [];
  for (let at = 0; at < body.byteLength; ) {
    const flags = body.readUInt8(at);
    const bytes = body.subarray(at + 5, at + 5 + body.readUInt32BE(at + 1));
    at += 5 + bytes.byteLength;
    if (flags === 0) {
      messages.push(bytes.toString());
      continue;
    }
    expect([flags, at]).toEqual([0x80, body.byteLength]);
    const [, status, message = '', details] =
      /^grpc-status: ([0-9]+)\r\ngrpc-message: (.*)\r\n(?:grpc-status-details-bin: (.*)\r\n)?$/.exec(
        bytes.toString(),
      ) ?? [];
    return { messages, status: Number(status), message: decodeURI(message), ...(details !== undefined && { details }) };
  }
  throw new Error(`no trailers in ${body.byteLength} bytes`);
}

async function call(path: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  const contentType = { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' };
  const init = { method: 'POST', body: new Uint8Array(body), headers: { ...contentType, ...headers } };
  const answer = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(10_000) });
  expect(answer.status).toBe(200);
  return answerIn(Buffer.from(await answer.arrayBuffer()));
}

describe('grpc-web', () => {
  test.each([
    ['/t.T/Echo', ['hello'], ['<hello>']],
    ['/t.T/Echo', [''], ['<>']],
    ['/t.T/Down', ['abc'], ['a', 'b', 'c']],
    ['/t.T/Down', [''], []],
    ['/t.T/Up', ['a', 'b', 'c'], ['abc']],
    ['/t.T/Up', [], ['']],
    ['/t.T/Both', ['ab', 'cd'], ['ba', 'dc']],
  ])('%s answers %j with %j', async (path, requests, messages) => {
    const body = Buffer.concat(requests.map((request) => frame(request)));
    expect(await call(path, body)).toEqual({ messages, status: 0, message: '' });
    expect(ended).toEqual([[path, 'ok']]);
  });

  test.each([
    ['application/grpc-web-text', ['hello']],
    ['application/grpc-web-text+proto', ['hell', 'o']],
  ])('speaks %s, padded anywhere', async (type, parts) => {
    const whole = frame(parts.join(''));
    const text = `${whole.subarray(0, 4).toString('base64')}${whole.subarray(4).toString('base64')}`;
    const answer = await fetch(`${url}/t.T/Echo`, { method: 'POST', body: text, headers: { 'content-type': type } });
    expect(answer.headers.get('content-type')).toBe(type);
    const parts64 = (await answer.text()).match(/[^=]+={0,2}/g) ?? [];
    const body = Buffer.concat(parts64.map((part) => Buffer.from(part, 'base64')));
    expect(answerIn(body)).toEqual({ messages: ['<hello>'], status: 0, message: '' });
  });

  test('tells who is calling by headers, binary ones too', async () => {
    const headers = { 'user-agent': 'page', 'x-bin': Buffer.from('act').toString('base64') };
    expect((await call('/t.T/Tool', frame(''), headers)).messages).toEqual(['page act']);
  });

  test.each([
    ['/t.T/Fails', frame(''), { messages: ['one'], status: 5, message: 'nothing hère\n%' }, 'not_found'],
    [
      '/t.T/Detailed',
      frame(''),
      { status: 3, details: expect.stringMatching(/^[A-Za-z0-9+/]{10,}=*$/) },
      'invalid_argument',
    ],
    ['/t.T/Bug', frame(''), { messages: [], status: 13, message: 'internal error' }, 'internal'],
    [
      '/t.T/Nothing',
      frame(''),
      { status: 12, message: 'The server does not implement the method /t.T/Nothing' },
      'unimplemented',
    ],
    ['/constructor', frame(''), { status: 12 }, 'unimplemented'],
    ['/t.T/Echo', Buffer.of(), { status: 3, message: 'a call without a message' }, 'invalid_argument'],
    ['/t.T/Echo', Buffer.concat([frame('a'), frame('b')]), { status: 3 }, 'invalid_argument'],
    ['/t.T/Echo', frame('hello').subarray(0, 7), { status: 3 }, 'invalid_argument'],
    ['/t.T/Echo', frame('hello').subarray(0, 3), { status: 3 }, 'invalid_argument'],
    [
      '/t.T/Echo',
      frame(gzipSync('hello'), 1),
      { status: 12, message: 'messages may not be compressed here' },
      'unimplemented',
    ],
    ['/t.T/Echo', frame('', 0x80), { status: 3 }, 'invalid_argument'],
    ['/t.T/Echo', frame(Buffer.alloc(100_001)), { status: 8 }, 'resource_exhausted'],
  ])('%s ends as it should', async (path, body, expected, code) => {
    expect(await call(path, body)).toMatchObject(expected);
    expect(ended).toEqual([[path, code]]);
  });

  test('ends calls at their deadline', async () => {
    expect((await call('/t.T/Silent', frame(''), { 'grpc-timeout': '20m' })).status).toBe(4);
    expect(ended).toEqual([['/t.T/Silent', 'deadline_exceeded']]);
  });

  test('ends calls whose client leaves', async () => {
    const leaving = new AbortController();
    const headers = { 'content-type': 'application/grpc-web' };
    const init = { method: 'POST', headers, body: new Uint8Array(frame('')), signal: leaving.signal };
    const answer = fetch(`${url}/t.T/Silent`, init).catch(() => undefined);
    while (silentCalls === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    leaving.abort();
    await answer;
    while (ended.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(ended).toEqual([['/t.T/Silent', 'cancelled']]);
  });

  test.each([
    ['GET', '/t.T/Echo', 'application/grpc-web'],
    ['POST', '/t.T/Echo', 'application/grpc'],
    ['POST', '/t.T/Echo', 'text/plain'],
    ['OPTIONS', '/cas/abc', 'application/grpc-web'],
  ])('leaves %s %s of %s to others', async (method, path, type) => {
    expect((await fetch(`${url}${path}`, { method, headers: { 'content-type': type } })).status).toBe(404);
  });
});

describe('pages', () => {
  const ask = async (method: string, origin: string): Promise<[number, string | null]> => {
    const headers = { origin, 'content-type': 'application/grpc-web' };
    const body = method === 'POST' ? new Uint8Array(frame('hello')) : null;
    const answer = await fetch(`${url}/t.T/Echo`, { method, headers, body });
    await answer.arrayBuffer();
    return [answer.status, answer.headers.get('access-control-allow-origin')];
  };

  test('of this server and of allowed origins may call, others may not', async () => {
    for (const origin of [url, 'https://pages.example']) {
      expect(await ask('OPTIONS', origin)).toEqual([204, origin]);
      expect(await ask('POST', origin)).toEqual([200, origin]);
    }
    for (const origin of ['https://other.example', 'http://pages.example', 'null', `${url}0`]) {
      expect(await ask('OPTIONS', origin)).toEqual([403, null]);
      expect(await ask('POST', origin)).toEqual([403, null]);
    }
  });
});

test('messages are found in a body, however it is cut', async () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(messages, fc.array(fc.nat({ max: 400 })), async (messages, cuts) => {
      const body = Buffer.concat(messages.map((message) => frame(message)));
      const chunks = async function* (): AsyncGenerator<Uint8Array> {
        let at = 0;
        for (const cut of cuts) {
          yield body.subarray(at, at + cut);
          at += cut;
        }
        yield body.subarray(at);
      };
      const found = await Array.fromAsync(messagesIn(chunks(), 300));
      expect(found.map((message) => Buffer.from(message))).toEqual(messages.map((message) => Buffer.from(message)));
    }),
  );
});
