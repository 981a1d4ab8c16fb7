import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rawRequest } from './testing/raw-request.ts';
import { type ServedHttpCache, serveHttpCache } from './testing/serve-http-cache.ts';

let served: ServedHttpCache;
let around: string[];
beforeAll(async () => {
  served = await serveHttpCache({ bytesMax: 2 ** 20 });
  around = await readdir(dirname(served.directory));
});
afterAll(async () => {
  expect(served.bugs).toEqual([]);
  await served[Symbol.asyncDispose]();
});

const methods = fc.constantFrom(
  'GET',
  'HEAD',
  'PUT',
  'POST',
  'DELETE',
  'PROPFIND',
  'MKCOL',
  'OPTIONS',
  'TRACE',
  'PATCH',
);
const hash = createHash('sha256').update('x').digest('hex');
const evil = fc.constantFrom(
  ...['..', '.', '%2e%2e', '%2E.', '%2f', '%5c', '\\', '%00', '%', '%zz', '%ff', '%c0%ae', 'cas', 'ac', 'v8', 'v1'],
  ...['artifacts', 'cache', 'status', 'events', 'sha256', 'blake3', 'blobs', 'uploads', hash, hash.toUpperCase()],
  ...['etc', 'passwd', '', ' ', '~', ':', '*', '?teamId=../..', '#x', 'gorego.values', '%F0%9F%98%80', '__proto__'],
);
const path = fc
  .array(fc.oneof(evil, evil, fc.string({ maxLength: 12 }), fc.webPath()), { maxLength: 8 })
  .map((segments) => `/${segments.join('/')}`.replace(/[\r\n\s]/g, '_'));
const headers = fc.array(
  fc.oneof(
    fc.constantFrom(
      ...['range: bytes=0-', 'range: bytes=99999999999999999999-', 'range: bytes=-0', 'range: bytes=0-0,1-1'],
      ...['content-encoding: zstd', 'content-encoding: gzip, zstd', 'x-digest-sizebytes: -1', 'accept-encoding: zstd'],
      ...[
        'x-digest-sizebytes: 99999999999999',
        'if-none-match: *',
        'if-none-match: ",',
        'if-range: "x"',
        'depth: infinity',
      ],
      ...['expect: 100-continue', 'expect: something', 'content-type: application/grpc-web', 'origin: null'],
      ...[
        'x-artifact-tag: ééé',
        'x-artifact-duration: -1e999',
        'authorization: Basic ===',
        'upgrade: h2c',
        'cookie: a',
      ],
    ),
    fc.string({ maxLength: 40 }).map((value) => `x-odd: ${value.replace(/[^ -~]/g, '_')}`),
  ),
  { maxLength: 4 },
);

test('no path, method or header is answered with INTERNAL, or reaches beyond the store', async () => {
  await fc.assert(
    fc.asyncProperty(methods, path, headers, fc.uint8Array({ maxLength: 200 }), async (method, path, headers, body) => {
      const head = [`${method} ${path} HTTP/1.1`, 'host: x', 'connection: close', ...headers];
      const length = /^(GET|HEAD)$/.test(method) ? [] : [`content-length: ${body.byteLength}`];
      const bytes = Buffer.concat([
        Buffer.from([...head, ...length, '', ''].join('\r\n'), 'latin1'),
        length.length === 0 ? Buffer.of() : body,
      ]);
      const answer = await rawRequest(served.port, bytes);
      const [, status = ''] = /^(?:HTTP\/1.1 100 Continue\r\n\r\n)?HTTP\/1.1 ([0-9]{3}) /.exec(answer) ?? [];
      expect(status).toMatch(/^(2..|304|4..|501)$/);
    }),
    { numRuns: 300 },
  );
  expect((await readdir(served.directory)).filter((name) => !/^(cas|ac|tmp|index|segments)/.test(name))).toEqual([]);
  const made = (await readdir(dirname(served.directory))).filter((name) => !around.includes(name));
  expect(made.filter((name) => /passwd|etc|^x$/.test(name))).toEqual([]);
});

test.each([
  ['a version that there is not', 'GET / HTTP/9.9\r\n\r\n', 400],
  ['a path that is longer than any', `GET /${'a'.repeat(3000)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`, 400],
  ['headers that are too large', `GET / HTTP/1.1\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ['two lengths', 'PUT /a HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab', 400],
  [
    'a length and chunks',
    'PUT /a HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
    400,
  ],
  ['a negative length', 'PUT /a HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n', 400],
  [
    'a length of 2^63',
    'PUT /a HTTP/1.1\r\nhost: x\r\ncontent-length: 9223372036854775808\r\nconnection: close\r\n\r\n',
    413,
  ],
  ['chunks that are none', 'PUT /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 400],
])('%s is refused', async (_what, request, status) => {
  expect(await rawRequest(served.port, request)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

test('what is no HTTP at all is hung up on', async () => {
  expect(await rawRequest(served.port, 'nonsense\r\n\r\n')).toBe('');
});

test.each(['..', '%2e%2e', '%2E%2E', '.%2e', 'a%2f..%2fb', 'a%5cb', 'a%00b', '%0a', '%', '%zz', '%ff%fe'])(
  'no value is kept below the segment %j',
  async (segment) => {
    const request = `PUT /a/${segment}/b HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\nconnection: close\r\n\r\nx`;
    expect(await rawRequest(served.port, request)).toMatch(/^HTTP\/1.1 400 /);
  },
);
