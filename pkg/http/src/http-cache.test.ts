import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { methodPath } from '@gorego/proto';
import {
  ActionCacheDefinition,
  ActionResult,
  ContentAddressableStorageDefinition,
  GetActionResultRequest,
  UpdateActionResultRequest,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { RawClient } from '@gorego/rpc/testing';
import { digestMessage } from '@gorego/server';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { rawRequest } from './testing/raw-request.ts';
import { type ServedHttpCache, serveHttpCache } from './testing/serve-http-cache.ts';

let served: ServedHttpCache;
type Body = NonNullable<RequestInit['body']>;
beforeEach(async () => {
  served = await serveHttpCache({ bytesMax: 8 * 2 ** 20 });
});
afterEach(async () => {
  expect(served.bugs).toEqual([]);
  expect(await readdir(`${served.directory}/tmp`)).toEqual([]); // Whatever happened, nothing half-written is left.
  await served[Symbol.asyncDispose]();
});

const hello = Buffer.from('hello');
const helloHash = Digest.hex(Digest.ofBytes(hello));
const hashOf = (bytes: Uint8Array): string => Digest.hex(Digest.ofBytes(bytes));

async function put(path: string, body: Body, headers: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(`${served.url}${path}`, { method: 'PUT', body, headers, duplex: 'half' } as RequestInit);
  await answer.text();
  return answer.status;
}

async function get(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; bytes: Buffer; headers: Headers }> {
  const answer = await fetch(`${served.url}${path}`, { headers: { 'accept-encoding': 'identity', ...headers } });
  return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()), headers: answer.headers };
}

/** A body without Content-Length. */
function chunked(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks);
}

describe('/cas/', () => {
  test.each(['', '/a', '/a/b/c'])('keeps blobs under %j and gives them back', async (instance) => {
    const path = `${instance}/cas/${helloHash}`;
    expect((await get(path)).status).toBe(404);
    expect(await put(path, hello)).toBe(200);
    expect(await get(path)).toMatchObject({ status: 200, bytes: hello });
    expect(await get(`${instance}/cas/sha256/${helloHash}`)).toMatchObject({ status: 200, bytes: hello });
  });

  test('has the empty blob, whatever was put', async () => {
    const empty = hashOf(Buffer.of());
    expect(await get(`/cas/${empty}`)).toMatchObject({ status: 200, bytes: Buffer.of() });
    expect(await put(`/cas/${empty}`, '')).toBe(200);
    expect(await put(`/cas/${empty}`, chunked())).toBe(200);
  });

  test.each([
    ['of known length', (bytes: Buffer): Body => new Uint8Array(bytes)],
    ['chunked', (bytes: Buffer): Body => chunked(bytes.subarray(0, 7), bytes.subarray(7))],
  ])('takes a blob of several megabytes, %s', async (_how, body) => {
    const bytes = randomBytes(5_000_001);
    expect(await put(`/cas/${hashOf(bytes)}`, body(bytes))).toBe(200);
    expect((await get(`/cas/${hashOf(bytes)}`)).bytes.equals(bytes)).toBe(true);
  });

  test.each<[string, Body, Record<string, string>] | [string, Body]>([
    ['of known length', 'not hello'],
    ['chunked', chunked(Buffer.from('not hello'))],
    ['of the right length', 'hellO'],
    ['of no bytes', ''],
    ['that is not zstd', 'hello', { 'content-encoding': 'zstd' }],
    ['that is cut off zstd', zstdCompressSync(hello).subarray(0, 8), { 'content-encoding': 'zstd' }],
    ['that has garbage behind', Buffer.concat([zstdCompressSync(hello), hello]), { 'content-encoding': 'zstd' }],
    ['that holds more than said', zstdCompressSync(hello), { 'content-encoding': 'zstd', 'x-digest-sizebytes': '4' }],
    ['that holds less than said', zstdCompressSync(hello), { 'content-encoding': 'zstd', 'x-digest-sizebytes': '6' }],
  ])('refuses a body %s with 400, and keeps nothing', async (...[, body, headers]) => {
    expect(await put(`/cas/${helloHash}`, body, headers)).toBe(400);
    expect((await get(`/cas/${helloHash}`)).status).toBe(404);
  });

  test('refuses a body in an encoding that it does not know', async () => {
    expect(await put(`/cas/${helloHash}`, hello, { 'content-encoding': 'br' })).toBe(415);
  });

  test('keeps nothing of a body that breaks off', async () => {
    const request = `PUT /cas/${helloHash} HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhel`;
    const { connect } = await import('node:net');
    const socket = connect({ host: '127.0.0.1', port: served.port });
    await new Promise<void>((resolve) => socket.end(request, resolve));
    await new Promise((resolve) => socket.on('close', resolve).resume());
    expect((await get(`/cas/${helloHash}`)).status).toBe(404);
  });

  test.each([
    ['known', (): Body => new Uint8Array(8 * 2 ** 20 + 1)],
    ['unknown', (): Body => chunked(...Array.from({ length: 9 }, () => Buffer.alloc(2 ** 20)))],
  ])('refuses a body of %s length that is too large with 413', async (_how, body) => {
    expect(await put(`/cas/${helloHash}`, body())).toBe(413);
  });

  test('refuses a zstd bomb with 413', async () => {
    const bomb = zstdCompressSync(Buffer.alloc(9 * 2 ** 20));
    expect(await put(`/cas/${helloHash}`, bomb, { 'content-encoding': 'zstd' })).toBe(413);
  });

  test('asks for a body only if it may be wanted', async () => {
    const expecting = (path: string, length: number): string =>
      `PUT ${path} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`;
    expect(await rawRequest(served.port, expecting('/cas/nonsense', 5))).toMatch(/^HTTP\/1.1 400 /);
    expect(await rawRequest(served.port, expecting(`/cas/${helloHash}`, 2 ** 40))).toMatch(/^HTTP\/1.1 413 /);
    expect(await rawRequest(served.port, expecting(`/cas/${helloHash}`, 5), hello)).toMatch(
      /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /,
    );
  });

  test('says what it has without sending it', async () => {
    await put(`/cas/${helloHash}`, hello);
    const head = await fetch(`${served.url}/cas/${helloHash}`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([
      200,
      '5',
      `"${helloHash}"`,
    ]);
    expect((await fetch(`${served.url}/cas/${hashOf(Buffer.of(1))}`, { method: 'HEAD' })).status).toBe(404);
    expect((await get(`/cas/${helloHash}`, { 'if-none-match': `"${helloHash}"` })).status).toBe(304);
    expect((await get(`/cas/${helloHash}`, { 'if-none-match': '"other"' })).status).toBe(200);
    expect((await get(`/cas/${hashOf(Buffer.of(1))}`, { 'if-none-match': '*' })).status).toBe(404);
  });

  test.each([
    ['bytes=0-0', 206, 'h', 'bytes 0-0/5'],
    ['bytes=1-3', 206, 'ell', 'bytes 1-3/5'],
    ['bytes=2-', 206, 'llo', 'bytes 2-4/5'],
    ['bytes=2-99', 206, 'llo', 'bytes 2-4/5'],
    ['bytes=-2', 206, 'lo', 'bytes 3-4/5'],
    ['bytes=-99', 206, 'hello', 'bytes 0-4/5'],
    ['bytes=5-', 416, '', 'bytes */5'],
    ['bytes=-0', 416, '', 'bytes */5'],
    ['bytes=3-1', 200, 'hello', null],
    ['bytes=0-1,3-4', 200, 'hello', null],
    ['bytes=-', 200, 'hello', null],
    ['lines=1-2', 200, 'hello', null],
  ])('answers the range %s', async (range, status, text, where) => {
    await put(`/cas/${helloHash}`, hello);
    const answer = await get(`/cas/${helloHash}`, { range });
    expect([answer.status, answer.bytes.toString(), answer.headers.get('content-range')]).toEqual([
      status,
      text,
      where,
    ]);
  });

  test('gives all of a blob when the range is of another one', async () => {
    await put(`/cas/${helloHash}`, hello);
    const answer = await get(`/cas/${helloHash}`, { range: 'bytes=1-2', 'if-range': '"other"' });
    expect([answer.status, answer.bytes.toString()]).toEqual([200, 'hello']);
  });

  test('speaks zstd with whom it suits', async () => {
    const bytes = Buffer.alloc(1_000_000, 'gorego');
    const path = `/cas/${hashOf(bytes)}`;
    expect(await put(path, zstdCompressSync(bytes), { 'content-encoding': 'zstd' })).toBe(200);
    const raw = await rawRequest(
      served.port,
      `GET ${path} HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip, zstd\r\nconnection: close\r\n\r\n`,
    );
    expect(raw).toMatch(/content-encoding: zstd\r\n/);
    expect(raw.length).toBeLessThan(10_000);
    expect((await get(path, { 'accept-encoding': 'zstd;q=0' })).headers.get('content-encoding')).toBe(null);
    expect((await get(path)).bytes.equals(bytes)).toBe(true);
    expect(zstdDecompressSync(zstdCompressSync(bytes)).equals(bytes)).toBe(true);
  });

  test.each([
    ['/cas/nonsense', 400],
    ['/cas/blake3/HASH', 400],
    ['/cas/HASH0', 400],
    ['/cas/sha256/HASH0', 400],
    ['/cas/cas/HASH', 200],
    ['/ac/cas/HASH', 200],
    ['/cas/ac/HASH', 404],
    ['/blobs/cas/HASH', 400],
  ])('of %s is answered %d', async (path, status) => {
    await put(`/cas/${helloHash}`, hello);
    expect((await get(path.replace('HASH', helloHash))).status).toBe(status);
  });

  test.each(['POST', 'DELETE', 'PROPFIND'])('does not %s', async (method) => {
    expect((await fetch(`${served.url}/cas/${helloHash}`, { method })).status).toBe(405);
  });
});

describe('/ac/', () => {
  const action = Buffer.from('an action');
  const actionDigest = Digest.ofBytes(action);
  const path = `/ac/${Digest.hex(actionDigest)}`;
  const result = (bytes: Uint8Array): Buffer =>
    Buffer.from(
      ActionResult.encode(
        ActionResult.fromPartial({ outputFiles: [{ path: 'out', digest: digestMessage(Digest.ofBytes(bytes)) }] }),
      ).finish(),
    );
  const grpcGet = async (): Promise<ActionResult> => {
    using client = new RawClient({ host: '127.0.0.1', port: served.port });
    const request = GetActionResultRequest.fromPartial({ actionDigest: digestMessage(actionDigest) });
    const bytes = GetActionResultRequest.encode(request).finish();
    return ActionResult.decode(await client.unary(methodPath(ActionCacheDefinition, 'getActionResult'), bytes));
  };
  const grpcPut = async (actionResult: Uint8Array): Promise<void> => {
    using client = new RawClient({ host: '127.0.0.1', port: served.port });
    const request = UpdateActionResultRequest.fromPartial({
      actionDigest: digestMessage(actionDigest),
      actionResult: ActionResult.decode(actionResult),
    });
    const bytes = UpdateActionResultRequest.encode(request).finish();
    await client.unary(methodPath(ActionCacheDefinition, 'updateActionResult'), bytes);
  };

  test.each([
    ['whose action is here', true],
    ['whose action is not here', false],
  ])('shares a result %s with gRPC clients', async (_what, isActionHere) => {
    if (isActionHere) await put(`/cas/${Digest.hex(actionDigest)}`, action);
    await put(`/cas/${helloHash}`, hello);
    expect((await get(path)).status).toBe(404);
    expect(await put(path, new Uint8Array(result(hello)))).toBe(200);
    expect((await grpcGet()).outputFiles[0]?.path).toBe('out');
    expect((await grpcGet()).outputFiles[0]?.path).toBe('out');
    expect((await get(path)).bytes).toEqual(result(hello));
  });

  test.each([
    ['whose action is here', true],
    ['whose action is not here', false],
  ])('has the results %s of gRPC clients', async (_what, isActionHere) => {
    if (isActionHere) await put(`/cas/${Digest.hex(actionDigest)}`, action);
    await put(`/cas/${helloHash}`, hello);
    await grpcPut(result(hello));
    const { status, bytes } = await get(path);
    expect(status).toBe(200);
    expect(ActionResult.decode(bytes).outputFiles[0]?.path).toBe('out');
    const head = await fetch(`${served.url}${path}`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.byteLength)]);
  });

  test('gives no result whose blobs are not all there', async () => {
    await put(`/cas/${Digest.hex(actionDigest)}`, action);
    expect(await put(path, new Uint8Array(result(hello)))).toBe(200);
    expect((await get(path)).status).toBe(404);
    await put(`/cas/${helloHash}`, hello);
    expect((await get(path)).status).toBe(200);
  });

  test('keeps what is inline as a blob too', async () => {
    await put(`/cas/${Digest.hex(actionDigest)}`, action);
    const inline = ActionResult.encode(
      ActionResult.fromPartial({
        outputFiles: [{ path: 'out', digest: digestMessage(Digest.ofBytes(hello)), contents: hello }],
      }),
    ).finish();
    expect(await put(path, new Uint8Array(inline))).toBe(200);
    expect((await get(`/cas/${helloHash}`)).bytes).toEqual(hello);
    expect((await get(path)).bytes).toEqual(Buffer.from(inline));
  });

  test.each([
    ['bytes', Buffer.from('cCrS anything at all \0\xff')],
    ['no bytes', Buffer.of()],
    ['megabytes', randomBytes(6_000_000)],
    ['a protobuf that says nothing', Buffer.of(0x08, 0x01)],
    [
      'a result with a path that climbs',
      Buffer.from(
        ActionResult.encode(
          ActionResult.fromPartial({ outputFiles: [{ path: '../x', digest: digestMessage(Digest.ofBytes(hello)) }] }),
        ).finish(),
      ),
    ],
  ])('keeps %s as they are, and lets no gRPC client take them for a result', async (_what, bytes) => {
    await put(`/cas/${Digest.hex(actionDigest)}`, action);
    for (const body of [bytes, hello, bytes]) {
      expect(await put(path, new Uint8Array(body))).toBe(200);
      expect((await get(path)).bytes.equals(body)).toBe(true);
    }
    expect((await get(`/other${path}`)).status).toBe(404);
    await expect(grpcGet()).rejects.toThrow('no result of this action');
  });
});

describe('any other path', () => {
  test.each([
    '/cache/abc',
    '/ab/cdef0123',
    '/ac/tually/three/segments',
    '/ac/not-a-hash',
    '/.sccache_check',
    '/%C3%A9 é?x=1',
  ])('keeps what is put at %s', async (path) => {
    expect((await get(path)).status).toBe(404);
    expect(await put(path, 'first')).toBe(201);
    expect(await put(path, 'second')).toBe(201);
    expect((await get(path)).bytes.toString()).toBe('second');
    const range = await get(path, { range: 'bytes=1-2' });
    expect([range.status, range.bytes.toString()]).toEqual([206, 'ec']);
    expect((await fetch(`${served.url}${path}`, { method: 'DELETE' })).status).toBe(204);
    expect((await get(path)).status).toBe(404);
  });

  test('has folders that need no making, for WebDAV', async () => {
    const ask = (path: string, method = 'PROPFIND'): Promise<Response> => fetch(`${served.url}${path}`, { method });
    expect((await ask('/a/b/', 'MKCOL')).status).toBe(201);
    expect(await (await ask('/a/b/')).text()).toMatch(/<D:href>\/a\/b\/<\/D:href>.*<D:collection\/>/s);
    expect(await (await ask('/')).text()).toMatch(/<D:href>\/<\/D:href>/);
    expect((await ask('/a/b/c')).status).toBe(404);
    await put('/a/b/c&d', 'value');
    const found = await ask('/a/b/c&d');
    expect(found.status).toBe(207);
    expect(await found.text()).toMatch(
      /<D:href>\/a\/b\/c%26d<\/D:href>.*<D:getcontentlength>5<.*<D:getlastmodified>\w{3}, \d\d \w{3} 20\d\d/s,
    );
    expect((await ask('/a', 'OPTIONS')).headers.get('dav')).toBe('1');
    expect(await put('/a/b/', 'value')).toBe(409);
  });
});

test('gRPC and HTTP see the same blobs', async () => {
  using client = new RawClient({ host: '127.0.0.1', port: served.port });
  const { requestType, responseType } = ContentAddressableStorageDefinition.methods.batchUpdateBlobs;
  const digest = digestMessage(Digest.ofBytes(hello));
  const request = requestType.encode(requestType.fromPartial({ requests: [{ digest, data: hello }] })).finish();
  const path = methodPath(ContentAddressableStorageDefinition, 'batchUpdateBlobs');
  expect(responseType.decode(await client.unary(path, request)).responses[0]?.status?.code ?? 0).toBe(0);
  expect((await get(`/cas/${helloHash}`)).bytes).toEqual(hello);
});

test('an outage does not look like a miss, whatever is asked for', async () => {
  await using other = await serveHttpCache({
    wrap: (blobs) => ({
      ...{ get: blobs.get.bind(blobs), put: blobs.put.bind(blobs) },
      findMissing: async () => {
        throw new Failure('unavailable', 'tier 2 is away');
      },
    }),
  });
  const unknown = hashOf(Buffer.from('never seen'));
  expect((await fetch(`${other.url}/cas/${unknown}`)).status).toBe(503);
  expect((await fetch(`${other.url}/cas/${unknown}`, { method: 'HEAD' })).status).toBe(503);
  expect(other.calls).toEqual([
    ['/http.GET', 'unavailable'],
    ['/http.HEAD', 'unavailable'],
  ]);
});

test('a reader that stands still holds up nobody, and costs little', async () => {
  const bytes = randomBytes(8_000_000);
  const path = `/cas/${hashOf(bytes)}`;
  await put(path, bytes);
  const { connect } = await import('node:net');
  const before = process.memoryUsage().rss;
  const readers = Array.from({ length: 50 }, () => {
    const socket = connect({ host: '127.0.0.1', port: served.port });
    socket.on('error', () => {}).pause();
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    return socket;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await get(path)).bytes.equals(bytes)).toBe(true);
  expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  for (const socket of readers) socket.destroy();
});

test('a value whose bytes are gone is not there, whatever is asked of it', async () => {
  let areGone = false;
  await using other = await serveHttpCache({
    wrap: (blobs) => ({
      get: async (...args) => (areGone ? undefined : blobs.get(...args)),
      put: (...args) => blobs.put(...args),
      findMissing: async (ctx, digests) => (areGone ? digests : blobs.findMissing(ctx, digests)),
    }),
  });
  const ask = async (path: string, method: string, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(`${other.url}${path}`, { method, headers })).status;
  for (const path of ['/a/path', `/ac/${helloHash}`]) {
    await fetch(`${other.url}${path}`, { method: 'PUT', body: hello });
    areGone = true;
    expect(await ask(path, 'GET')).toBe(404);
    expect(await ask(path, 'HEAD')).toBe(404);
    expect(await ask(path, 'GET', { range: 'bytes=1-2' })).toBe(404);
    expect(await ask(path, 'GET', { range: 'bytes=9-' })).toBe(404);
    expect(await ask(path, 'GET', { 'if-none-match': '*' })).toBe(404);
    areGone = false;
    expect(await ask(path, 'GET')).toBe(200);
  }
});

test.each([
  ['unavailable', 503, 503],
  ['resource_exhausted', 429, 507],
  ['deadline_exceeded', 504, 504],
  ['permission_denied', 403, 403],
] as const)('a store that says %s is answered %d to GET and %d to PUT', async (code, onGet, onPut) => {
  let isFailing = false;
  const failing = async (): Promise<void> => {
    if (isFailing) throw new Failure(code, 'why');
  };
  await using other = await serveHttpCache({
    wrap: (blobs) => ({
      get: (...args) => failing().then(() => blobs.get(...args)),
      put: (...args) => failing().then(() => blobs.put(...args)),
      findMissing: (...args) => failing().then(() => blobs.findMissing(...args)),
    }),
  });
  const ask = async (method: string, path: string, body?: Body): Promise<number> =>
    (await fetch(`${other.url}${path}`, { method, ...(body && { body }) })).status;
  expect(await ask('PUT', `/cas/${helloHash}`, hello)).toBe(200);
  expect(await ask('PUT', '/a/path', hello)).toBe(201);
  isFailing = true;
  for (const path of [`/cas/${helloHash}`, '/a/path']) {
    expect(await ask('GET', path)).toBe(onGet);
    expect(await ask('HEAD', path)).toBe(onGet);
    expect(await ask('PUT', path, hello)).toBe(onPut);
  }
  expect(await ask('GET', `/cas/${hashOf(Buffer.of())}`)).toBe(200); // The empty blob needs no store.
});
