import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Digest } from '@gorego/digest';
import { ActionResult } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Running } from './assemble.ts';
import { assembled } from './testing/assembled.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gorego-http-'));
});
afterEach(() => rm(directory, { recursive: true }));

const running = (...flags: string[]): Promise<Running> => assembled(directory, '--server.drain_timeout=5s', ...flags);

/** The port of gRPC, and HTTP's own. */
function urlsOf({ rpc, http }: Running): [shared: string, own: string] {
  return [`http://127.0.0.1:${rpc.address.port}`, `http://127.0.0.1:${http?.address?.port}`];
}

async function status(url: string, method = 'GET', body?: string): Promise<number> {
  const answer = await fetch(url, { method, ...(body !== undefined && { body }) });
  await answer.arrayBuffer();
  return answer.status;
}

const path = `/cas/${Digest.hex(Digest.ofBytes(Buffer.from('a blob')))}`;

test('both ports have the HTTP cache and say how it is; only HTTP’s own has metrics', async () => {
  await using gorego = await running();
  const [shared, own] = urlsOf(gorego);
  expect(await status(`${shared}${path}`, 'PUT', 'a blob')).toBe(200);
  expect(await status(`${own}${path}`)).toBe(200);
  for (const url of [shared, own]) expect(await status(`${url}/readyz`)).toBe(200);
  expect([await status(`${shared}/metrics`), await status(`${own}/metrics`)]).toEqual([404, 200]);
});

test('values are kept in the instance that their path names', async () => {
  await using gorego = await running('--instances.allow=main', '--local_store.dir=one');
  const [shared] = urlsOf(gorego);
  const key = `/ac/${'0'.repeat(64)}`;
  expect(await status(`${shared}/main${key}`, 'PUT', 'anything')).toBe(200);
  expect(await status(`${shared}/main${key}`)).toBe(200);
  for (const refused of [key, '/any/path', `/other${key}`]) {
    expect(await status(`${shared}${refused}`, 'PUT', 'anything')).toBe(400);
  }
});

test('what was put through one proxy is found through another, which has nothing of its own', async () => {
  const far = await running('--local_store.dir=far');
  const target = `--backing_cache.target=grpc://127.0.0.1:${far.rpc.address.port}`;
  await using one = await running('--local_store.dir=one', target);
  await using other = await running('--local_store.dir=other', target);
  const [[from], [to]] = [urlsOf(one), urlsOf(other)];
  const [action, output] = [Buffer.from('an action'), Buffer.from('an output')].map((bytes) => Digest.ofBytes(bytes));
  if (action === undefined || output === undefined) throw new Error('unreachable');
  const digest = { hash: Digest.hex(output), sizeBytes: Digest.sizeBytes(output) };
  const result = ActionResult.fromPartial({ outputFiles: [{ path: 'out', digest }] });
  const bytes = Buffer.from(ActionResult.encode(result).finish()).toString('latin1'); // It is ASCII.
  expect(await status(`${from}/cas/${Digest.hex(action)}`, 'PUT', 'an action')).toBe(200);
  expect(await status(`${from}/cas/${Digest.hex(output)}`, 'PUT', 'an output')).toBe(200);
  expect(await status(`${from}/ac/${Digest.hex(action)}`, 'PUT', bytes)).toBe(200);
  expect(await status(`${from}/cache/0123`, 'PUT', 'a value')).toBe(201);

  expect(await (await fetch(`${to}/ac/${Digest.hex(action)}`)).text()).toBe(bytes);
  expect(await (await fetch(`${to}/cas/${Digest.hex(output)}`)).text()).toBe('an output');
  expect(await (await fetch(`${to}/cache/0123`)).text()).toBe('a value');

  await far[Symbol.asyncDispose]();
  for (const unknown of [`/cas/${'0'.repeat(64)}`, `/ac/${'0'.repeat(64)}`, '/cache/4567']) {
    expect([unknown, await status(`${to}${unknown}`)]).toEqual([unknown, 503]);
  }
});

test('what is larger than the store may be is refused unread', async () => {
  await using gorego = await running('--janitor.max_size=100MiB', '--local_store.dir=small');
  const socket = connect(gorego.rpc.address);
  const head = ['PUT /cache/0123 HTTP/1.1', 'host: x', 'expect: 100-continue', `content-length: ${101 * 2 ** 20}`];
  socket.write([...head, '', ''].join('\r\n'));
  expect(await text(socket)).toMatch(/^HTTP\/1.1 413 /);
});

test('a transfer that is under way is finished before the server ends', async () => {
  await using gorego = await running();
  const [shared] = urlsOf(gorego);
  const { promise: rest, resolve: sendRest } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const body = ReadableStream.from(
    (async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a ');
      begin();
      await rest;
      yield Buffer.from('blob');
    })(),
  );
  const init = { method: 'PUT', body, duplex: 'half' } as RequestInit;
  const answer = fetch(`${shared}${path}`, init);
  await begun;
  const drained = gorego.drain();
  sendRest();
  expect((await answer).status).toBe(200);
  await drained;
  await expect(fetch(`${shared}${path}`)).rejects.toThrow('fetch failed');
});

test('pages call by gRPC-Web', async () => {
  await using gorego = await running('--server.allowed_origins=https://pages.example');
  for (const url of urlsOf(gorego)) {
    const headers = { 'content-type': 'application/grpc-web+proto', origin: 'https://pages.example' };
    const body = new Uint8Array(5); // An empty HealthCheckRequest.
    const answer = await fetch(`${url}/grpc.health.v1.Health/Check`, { method: 'POST', headers, body });
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://pages.example');
    expect(bytes.subarray(0, 7)).toEqual(Buffer.of(0, 0, 0, 0, 2, 8, 1)); // SERVING.
    expect(bytes.subarray(12).toString()).toMatch(/^grpc-status: 0\r\n/);
  }
});
