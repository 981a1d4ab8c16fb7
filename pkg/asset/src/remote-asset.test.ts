import { hash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background, type Context, Scope, TaskGroup } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { NodeDisk, systemRandom } from '@gorego/platform';
import { ManualClock } from '@gorego/platform/testing';
import { type Codec, methodPath } from '@gorego/proto';
import {
  FetchBlobRequest as FetchBlobMessage,
  type FetchBlobRequest,
  type FetchBlobResponse,
  type FetchDirectoryResponse,
  FetchDefinition as fetch,
  PushBlobRequest as PushBlobMessage,
  type PushBlobRequest,
  type PushDirectoryRequest,
  PushDefinition as push,
} from '@gorego/proto/build/bazel/remote/asset/v1/remote_asset';
import { type DeepPartial, Directory } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { BadRequest } from '@gorego/proto/google/rpc/error_details';
import type { Call, Routes } from '@gorego/rpc';
import { DigestFunctions, digestMessage, referencesOf, validInstanceName } from '@gorego/server';
import { BlobReader, completeOnly, emptyAlwaysHere, MemoryActions, MemoryBlobs } from '@gorego/storage';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Policy } from './policy/policy.ts';
import { remoteAsset } from './remote-asset.ts';
import { tar, tarEntry } from './testing/archives.ts';
import { SimulatedWeb } from './testing/simulated-web.ts';

const url = 'https://a.example/x';
const sriOf = (text: string | Buffer, name = 'sha256'): string =>
  `${name}-${hash(name, text, 'buffer').toString('base64')}`;
const checksum = (text: string | Buffer): { name: string; value: string } => ({
  name: 'checksum.sri',
  value: sriOf(text),
});
const digestOf = (text: string | Buffer): { hash: string; sizeBytes: number } =>
  digestMessage(Digest.ofBytes(Buffer.from(text)));

let folder: string;
let web: SimulatedWeb;
let clock: ManualClock;
let blobs: MemoryBlobs;
let actions: Map<string, MemoryActions>;
let tasks: TaskGroup;
let routes: Routes;
let told: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gorego-remote-asset-'));
  [web, clock, blobs, actions, told] = [new SimulatedWeb(), new ManualClock(), new MemoryBlobs(), new Map(), []];
  clock.pass(1_800_000_000_000);
  tasks = new TaskGroup(background(), () => {});
  routes = await served();
});
afterEach(async () => {
  await tasks[Symbol.asyncDispose]();
  expect(await readdir(join(folder, 'fetching'))).toEqual([]);
  await rm(folder, { recursive: true });
});

/** As after a start: nothing is kept but the stores. */
async function served(): Promise<Routes> {
  const functions = new DigestFunctions(['sha256', 'sha512', 'blake3', 'gitsha1']);
  const references = referencesOf(functions);
  const all = emptyAlwaysHere(blobs);
  const actionsOf = (name: string): MemoryActions => {
    const kept = actions.get(name) ?? new MemoryActions();
    actions.set(name, kept);
    return kept;
  };
  const { routes } = await remoteAsset({
    ...{ functions, references, web, clock, tasks, random: systemRandom, timeoutMs: 60_000, sizeMax: 2 ** 24 },
    sizeOf: (ctx, name, hex) => blobs.sizeOf(ctx, name, hex),
    instances: (name) => ({
      name: validInstanceName(name),
      blobs: all,
      actions: completeOnly(actionsOf(name), all, references),
    }),
    policy: new Policy({ allow: ['https://*'], allowNetworks: [] }),
    files: new NodeDisk('/'),
    scratch: { disk: new NodeDisk(folder), folder: 'fetching' },
    observer: {
      onKnown: (kind) => told.push(`known ${kind}`),
      onFetched: ({ kind, uri, sizeBytes }) => told.push(`fetched ${kind} ${uri} ${sizeBytes}`),
      onFailure: ({ kind, uri, failure }) => told.push(`failed ${kind} ${uri} ${failure.code}`),
      onForgotten: ({ kind, uri }) => told.push(`forgotten ${kind} ${uri}`),
    },
  });
  return routes;
}

async function call<Request, Response>(
  service: { readonly fullName: string; readonly methods: Readonly<Record<string, never>> } | object,
  method: string,
  codecs: {
    readonly requestType: Codec<Request> & { fromPartial(partial: never): Request };
    readonly responseType: Codec<Response>;
  },
  request: unknown,
  ctx = new Scope(),
): Promise<Response> {
  const route = routes[methodPath(service as never, method as never)];
  if (route?.kind !== 'unary') throw new Error(`no route ${method}`);
  const bytes = codecs.requestType.encode(codecs.requestType.fromPartial(request as never)).finish();
  const headers = { text: () => undefined, binary: () => undefined };
  const { caller, deadline, signal } = ctx;
  const made: Call = {
    ...{ caller, deadline, signal, headers, onEnd: (listener) => ctx.onEnd(listener) },
    get ended() {
      return ctx.ended;
    },
  };
  return codecs.responseType.decode((await route.handle(made, bytes)) as Uint8Array);
}

function fetchBlob(request: DeepPartial<FetchBlobRequest> = {}, ctx?: Scope): Promise<FetchBlobResponse> {
  return call(fetch, 'fetchBlob', fetch.methods.fetchBlob, { uris: [url], ...request }, ctx);
}
function fetchDirectory(request: DeepPartial<FetchBlobRequest> = {}): Promise<FetchDirectoryResponse> {
  return call(fetch, 'fetchDirectory', fetch.methods.fetchDirectory, { uris: [url], ...request });
}
async function pushBlob(request: DeepPartial<PushBlobRequest>): Promise<void> {
  await call(push, 'pushBlob', push.methods.pushBlob, { uris: [url], ...request });
}
async function pushDirectory(request: DeepPartial<PushDirectoryRequest>): Promise<void> {
  await call(push, 'pushDirectory', push.methods.pushDirectory, { uris: [url], ...request });
}
async function keep(text: string | Uint8Array): Promise<{ hash: string; sizeBytes: number }> {
  const bytes = Buffer.from(text);
  const digest = Digest.ofBytes(bytes);
  await blobs.put(background(), digest, BlobReader.ofBytes(bytes));
  return digestMessage(digest);
}

describe('FetchBlob', () => {
  // obligation: AS-5
  test('answers with a blob that is in the cache, its digest function, and where it is from', async () => {
    web.page(url, 'hello');
    const answer = await fetchBlob({ uris: ['https://b.example/none', url], qualifiers: [checksum('hello')] });
    expect(answer).toMatchObject({
      status: { code: 0 },
      uri: url,
      blobDigest: digestOf('hello'),
      digestFunction: 1,
      qualifiers: [checksum('hello')],
    });
    expect(blobs.has(Digest.ofBytes(Buffer.from('hello')))).toBe(true);
    expect(told).toEqual([`fetched blob ${url} 5`]);
  });

  test('fetches once what has a checksum, restarts in between or not', async () => {
    web.page(url, 'hello');
    await fetchBlob({ qualifiers: [checksum('hello')] });
    web.pages.clear();
    routes = await served();
    expect(await fetchBlob({ qualifiers: [checksum('hello')] })).toMatchObject({ status: { code: 0 }, uri: url });
    const elsewhere = await fetchBlob({ uris: ['https://mirror.example/y'], qualifiers: [checksum('hello')] });
    expect(elsewhere).toMatchObject({
      status: { code: 0 },
      uri: 'https://mirror.example/y',
      blobDigest: digestOf('hello'),
    });
    expect(web.asked).toHaveLength(1);
  });

  test('finds what a client uploaded by its checksum, unless more than that is said', async () => {
    await keep('hello');
    expect(await fetchBlob({ qualifiers: [checksum('hello')] })).toMatchObject({
      ...{ status: { code: 0 }, uri: url, blobDigest: digestOf('hello') },
    });
    const canonical = { name: 'bazel.canonical_id', value: 'a' };
    expect((await fetchBlob({ qualifiers: [checksum('hello'), canonical] })).status?.code).toBe(5);
    const oldestContentAccepted = { seconds: 1_800_000_000 };
    expect((await fetchBlob({ qualifiers: [checksum('hello')], oldestContentAccepted })).status?.code).toBe(5);
    expect(
      (await fetchBlob({ qualifiers: [{ ...checksum('hello'), value: sriOf('hello', 'sha512') }] })).status?.code,
    ).toBe(5);
  });

  test.each([
    ['blake3', 9],
    ['gitsha1', 10],
    ['sha512', 6],
  ] as const)('names what it fetches by %s where that is asked for', async (name, number) => {
    const large = 'hello'.repeat(500_000);
    web.page(url, large);
    const answer = await fetchBlob({ digestFunction: number, qualifiers: [checksum(large)] });
    const digest = digestMessage(Digest.ofBytes(Buffer.from(large), name));
    expect(answer).toMatchObject({ status: { code: 0 }, digestFunction: number, blobDigest: digest });
    web.pages.clear();
    expect(await fetchBlob({ digestFunction: number, qualifiers: [checksum(large)] })).toMatchObject({
      blobDigest: digest,
    });
    expect((await fetchBlob({ qualifiers: [checksum(large)] })).status?.code).toBe(5); // Each is a namespace of its own.
  });

  test('fetches again what was evicted', async () => {
    web.page(url, 'hello');
    await fetchBlob();
    blobs.delete(Digest.ofBytes(Buffer.from('hello')));
    expect(await fetchBlob()).toMatchObject({ status: { code: 0 } });
    expect(web.asked).toHaveLength(2);
  });

  // obligation: AS-3
  test('remembers nothing that had a wrong checksum', async () => {
    web.page(url, 'hello');
    for (let i = 0; i < 2; i++) {
      const answer = await fetchBlob({ qualifiers: [checksum('other')] });
      expect(answer).toMatchObject({ status: { code: 10 }, uri: url, blobDigest: undefined });
    }
    expect([web.asked.length, blobs.size]).toEqual([2, 0]);
  });

  // obligation: AS-4
  test.each([
    [404, 5],
    [403, 7],
    [429, 8],
    [504, 4],
  ])('tells inside its answer that an origin said %i', async (status, code) => {
    web.pages.set(url, () => ({ status }));
    expect(await fetchBlob()).toMatchObject({ status: { code }, uri: url });
    expect(told).toEqual([expect.stringMatching(`failed blob ${url}`)]);
  });

  // obligation: AS-4
  test('tells inside its answer that an origin is not allowed, and which key would allow it', async () => {
    const answer = await fetchBlob({ uris: ['http://a.example/x'] });
    expect(answer.status).toMatchObject({ code: 7, message: expect.stringMatching(/remote_asset\.allow/) });
  });

  // obligation: AS-4
  test('tells inside its answer that the time a client gave was over', async () => {
    web.pages.set(url, () => new Promise(() => {}));
    const answer = fetchBlob({ timeout: { seconds: 2 } });
    await settle();
    clock.pass(1999);
    await settle();
    clock.pass(1);
    expect(await answer).toMatchObject({ status: { code: 4 }, uri: url });
  });

  test('never waits longer than the server would', async () => {
    web.pages.set(url, () => new Promise(() => {}));
    const answer = fetchBlob({ timeout: { seconds: 100_000 } });
    await settle();
    clock.pass(60_000);
    expect(await answer).toMatchObject({ status: { code: 4 } });
  });

  // obligation: AS-7
  test('goes on when its client has no more time, for the next one who asks', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    web.pages.set(url, async () => {
      await promise;
      return { body: [Buffer.from('hello')] };
    });
    const ctx = new Scope();
    const first = fetchBlob({}, ctx);
    await settle();
    ctx.cancel(new Failure('deadline_exceeded', 'too late'));
    await expect(first).rejects.toMatchObject({ code: 'deadline_exceeded' });
    const second = fetchBlob();
    await settle();
    resolve();
    expect(await second).toMatchObject({ status: { code: 0 } });
    expect(web.asked).toHaveLength(1);
  });

  test('downloads once for all who ask at the same time', async () => {
    web.page(url, 'hello');
    const answers = await Promise.all(Array.from({ length: 50 }, () => fetchBlob({ qualifiers: [checksum('hello')] })));
    expect(answers.every(({ status }) => status?.code === 0)).toBe(true);
    expect(web.asked).toHaveLength(1);
  });

  test('does not mix up those who ask with different credentials', async () => {
    web.pages.set(url, ({ headers }) =>
      headers['authorization'] === 'good' ? { body: [Buffer.from('secret')] } : { status: 403 },
    );
    const as = (value: string): Promise<FetchBlobResponse> =>
      fetchBlob({ qualifiers: [{ name: 'http_header:Authorization', value }] });
    const codes = async (...all: string[]): Promise<(number | undefined)[]> =>
      (await Promise.all(all.map(as))).map(({ status }) => status?.code);
    expect(await codes('good', 'bad')).toEqual([0, 7]);
    expect(await codes('bad', 'good')).toEqual([7, 0]);
    expect((await fetchBlob()).status?.code).toBe(7);
  });

  // obligation: AS-6
  test('fetches again what is older than its client accepts', async () => {
    web.page(url, 'old');
    await fetchBlob();
    clock.pass(10_000);
    web.page(url, 'new');
    const at = (ms: number): DeepPartial<FetchBlobRequest> => ({
      oldestContentAccepted: { seconds: Math.floor((1_800_000_000_000 + ms) / 1000) },
    });
    expect(await fetchBlob()).toMatchObject({ blobDigest: digestOf('old') });
    expect(await fetchBlob(at(0))).toMatchObject({ blobDigest: digestOf('old') });
    expect(await fetchBlob(at(5000))).toMatchObject({ blobDigest: digestOf('new') });
    web.page(url, 'newest');
    expect(await fetchBlob(at(3_600_000))).toMatchObject({ blobDigest: digestOf('newest') }); // As Bazel says it.
    expect(await fetchBlob()).toMatchObject({ blobDigest: digestOf('newest') });
  });

  test('keeps instances apart', async () => {
    web.page(url, 'hello');
    await fetchBlob({ instanceName: 'a' });
    await fetchBlob({ instanceName: 'b' });
    expect(web.asked).toHaveLength(2);
  });

  test('takes a canonical id for part of what content is', async () => {
    web.page(url, 'hello');
    const as = (value: string): Promise<FetchBlobResponse> =>
      fetchBlob({ qualifiers: [checksum('hello'), { name: 'bazel.canonical_id', value }] });
    await as('1');
    await as('1');
    await as('2');
    expect(web.asked).toHaveLength(2);
  });

  // obligation: AS-1
  test.each(['vcs.commit', 'vcs.branch', 'anything'])(
    'names the qualifier %s, which nothing is fetched by',
    async (name) => {
      const asking = fetchBlob({ qualifiers: [{ name, value: 'a' }] });
      await expect(asking).rejects.toMatchObject({
        code: 'invalid_argument',
        message: expect.stringContaining(`"${name}"`),
      });
      expect(web.asked).toEqual([]);
    },
  );

  // obligation: AS-1
  test('names every such qualifier for programs, too', async () => {
    const qualifiers = [{ name: 'vcs.commit', value: 'a' }, checksum('b'), { name: 'b', value: '' }];
    const failure = await fetchBlob({ qualifiers }).catch((reason: unknown) => reason);
    const [detail] = (failure as Failure).details;
    expect(detail?.typeUrl).toBe('type.googleapis.com/google.rpc.BadRequest');
    expect(BadRequest.decode(detail?.value ?? Buffer.of()).fieldViolations).toMatchObject([
      { field: 'qualifiers.name', description: '"vcs.commit" not supported' },
      { field: 'qualifiers.name', description: '"b" not supported' },
    ]);
  });

  // obligation: AS-2
  test.each<[string, DeepPartial<FetchBlobRequest>]>([
    ['no URI', { uris: [] }],
    ['an empty URI', { uris: [''] }],
    ['too many URIs', { uris: Array.from({ length: 65 }, (_, i) => `https://a.example/${i}`) }],
    ['a URI without end', { uris: [`https://a.example/${'a'.repeat(10_000)}`] }],
    ['a qualifier twice', { qualifiers: [checksum('a'), checksum('b')] }],
    ['a malformed checksum', { qualifiers: [{ name: 'checksum.sri', value: 'sha256-a' }] }],
    ['a digest function that is not offered', { digestFunction: 3 }],
    ['a negative timeout', { timeout: { seconds: -1 } }],
    ['a malformed instance name', { instanceName: 'a//b' }],
  ])('refuses %s', async (_, request) => {
    await expect(fetchBlob(request)).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(web.asked).toEqual([]);
  });

  test('fails itself when a store fails, and blames no origin', async () => {
    web.page(url, 'hello');
    blobs.put = async () => {
      throw new Failure('resource_exhausted', 'the disk is full');
    };
    await expect(fetchBlob()).rejects.toMatchObject({ code: 'resource_exhausted', message: 'the disk is full' });
  });

  test('gives what it has when only remembering fails', async () => {
    web.page(url, 'hello');
    const kept = new MemoryActions();
    kept.put = async () => {
      throw new Failure('permission_denied', 'read only');
    };
    actions.set('', kept);
    expect(await fetchBlob()).toMatchObject({ status: { code: 0 } });
    expect(told).toContain(`forgotten blob ${url}`);
  });

  test('does not believe a record with another checksum', async () => {
    const lying = new LyingActions();
    actions.set('', lying);
    await pushBlob({ uris: ['urn:lie'], blobDigest: await keep('lie') });
    lying.isLying = true;
    web.page(url, 'truth');
    expect(await fetchBlob()).toMatchObject({ blobDigest: digestOf('lie') });
    expect(await fetchBlob({ qualifiers: [checksum('truth')] })).toMatchObject({ blobDigest: digestOf('truth') });
  });
});

/** Gives the first result it was given for every action, when it lies. */
class LyingActions extends MemoryActions {
  isLying = false;
  #lie: Uint8Array | undefined;

  override async get(ctx: Context, action: Digest): Promise<Uint8Array | undefined> {
    return this.isLying ? this.#lie : super.get(ctx, action);
  }

  override put(ctx: Context, action: Digest, result: Uint8Array): Promise<void> {
    this.#lie ??= result;
    return super.put(ctx, action, result);
  }
}

describe('FetchDirectory', () => {
  const archive = tar(tarEntry('a/b', { content: 'hello' }), tarEntry('c', { content: 'x', mode: 0o755 }));

  test('answers with a directory that is in the cache, and fetches it once', async () => {
    web.page(url, archive);
    const first = await fetchDirectory({ qualifiers: [checksum(archive)] });
    expect(first).toMatchObject({ status: { code: 0 }, uri: url, digestFunction: 1 });
    const root = await contents(first.rootDirectoryDigest);
    expect(root.files).toMatchObject([{ name: 'c', digest: digestOf('x'), isExecutable: true }]);
    const below = await contents(root.directories[0]?.digest);
    expect(below.files).toMatchObject([{ name: 'b', digest: digestOf('hello'), isExecutable: false }]);
    web.pages.clear();
    routes = await served();
    expect((await fetchDirectory({ qualifiers: [checksum(archive)] })).rootDirectoryDigest).toEqual(
      first.rootDirectoryDigest,
    );
    const part = { name: 'directory', value: 'a' };
    expect((await fetchDirectory({ qualifiers: [checksum(archive), part] })).status?.code).toBe(5);
    web.page(url, archive);
    const wanted = await fetchDirectory({ qualifiers: [checksum(archive), part] });
    expect(wanted.rootDirectoryDigest).toEqual(root.directories[0]?.digest);
  });

  test('fetches again when anything below it was evicted', async () => {
    web.page(url, archive);
    await fetchDirectory();
    blobs.delete(Digest.ofBytes(Buffer.from('hello')));
    expect((await fetchDirectory()).status?.code).toBe(0);
    expect(blobs.has(Digest.ofBytes(Buffer.from('hello')))).toBe(true);
  });

  test('does not take a blob of the same name for a directory', async () => {
    web.page(url, archive);
    await fetchBlob();
    const { hash: name } = digestOf(archive);
    expect(await fetchDirectory()).not.toMatchObject({ rootDirectoryDigest: { hash: name } });
  });

  test.each([
    ['what is no archive', Buffer.from('hello'), 10],
    ['an archive that reaches out of itself', tar(tarEntry('../a', { content: 'x' })), 10],
    ['an archive that is too large', tar(tarEntry('a', { content: Buffer.alloc(2 ** 24 + 1) })), 8],
  ])('tells inside its answer of %s', async (_, bytes, code) => {
    web.page(url, bytes);
    const answer = await fetchDirectory({ uris: ['https://b.example/none', url] });
    expect(answer).toMatchObject({ status: { code }, uri: url, rootDirectoryDigest: undefined });
  });

  test('of a git repository is refused, by the name of the qualifier', async () => {
    const qualifiers = [{ name: 'resource_type', value: 'application/x-git' }];
    await expect(fetchDirectory({ qualifiers })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('"resource_type"'),
    });
  });
});

describe('Push', () => {
  test('makes a blob known by any of its URIs, whatever they and the qualifiers mean', async () => {
    const qualifiers = [{ name: 'vcs.commit', value: 'abc' }];
    await pushBlob({ uris: ['urn:a', 'git://b'], qualifiers, blobDigest: await keep('hello') });
    routes = await served();
    for (const uri of ['urn:a', 'git://b']) {
      expect(await fetchBlob({ uris: [uri], qualifiers })).toMatchObject({
        status: { code: 0 },
        uri,
        blobDigest: digestOf('hello'),
      });
    }
    expect((await fetchBlob({ uris: ['urn:a'] })).status?.code).toBe(5);
  });

  test('makes a directory known', async () => {
    const file = await keep('hello');
    const root = await keep(Directory.encode(Directory.fromPartial({ files: [{ name: 'a', digest: file }] })).finish());
    await pushDirectory({ rootDirectoryDigest: root });
    expect(await fetchDirectory()).toMatchObject({ status: { code: 0 }, rootDirectoryDigest: root });
    expect(web.asked).toEqual([]);
  });

  test('is good until it expires, and can be changed', async () => {
    const at = (ms: number): { seconds: number; nanos: number } => ({
      seconds: (1_800_000_000_000 + ms) / 1000,
      nanos: 0,
    });
    const blobDigest = await keep('hello');
    await pushBlob({ blobDigest, expireAt: at(5000) });
    expect(await fetchBlob()).toMatchObject({ status: { code: 0 }, expiresAt: at(5000) });
    clock.pass(5000);
    expect((await fetchBlob()).status?.code).toBe(5);
    await pushBlob({ blobDigest, expireAt: at(9000) });
    expect((await fetchBlob()).status?.code).toBe(0);
  });

  test('finds content by its checksum wherever it is asked for', async () => {
    await pushBlob({ uris: ['urn:a'], qualifiers: [checksum('hello')], blobDigest: await keep('hello') });
    expect((await fetchBlob({ qualifiers: [checksum('hello')] })).status?.code).toBe(0);
  });

  test('stays known only while all that it needs is here', async () => {
    await pushBlob({ blobDigest: await keep('hello'), referencesBlobs: [await keep('needed')] });
    expect((await fetchBlob()).status?.code).toBe(0);
    blobs.delete(Digest.ofBytes(Buffer.from('needed')));
    expect((await fetchBlob()).status?.code).toBe(5);
  });

  test.each<[string, () => Promise<void>]>([
    ['a blob that is not here', () => pushBlob({ blobDigest: digestOf('absent') })],
    ['no digest', () => pushBlob({})],
    ['no URI', async () => pushBlob({ uris: [], blobDigest: await keep('hello') })],
    [
      'a blob with another checksum',
      async () => pushBlob({ blobDigest: await keep('hello'), qualifiers: [checksum('other')] }),
    ],
    [
      'a needed blob that is not here',
      async () => pushBlob({ blobDigest: await keep('hello'), referencesBlobs: [digestOf('absent')] }),
    ],
    [
      'a needed directory that is not here',
      async () => pushBlob({ blobDigest: await keep('hello'), referencesDirectories: [digestOf('absent')] }),
    ],
    [
      'a directory with a file that is not here',
      async () => {
        const files = [{ name: 'a', digest: digestOf('absent') }];
        await pushDirectory({
          rootDirectoryDigest: await keep(Directory.encode(Directory.fromPartial({ files })).finish()),
        });
      },
    ],
  ])('refuses %s, and forgets it', async (_, pushing) => {
    await expect(pushing()).rejects.toMatchObject({ code: 'invalid_argument' });
    expect((await fetchBlob()).status?.code).toBe(5);
  });
});

test('every method answers any bytes, or says whose fault they are', async () => {
  const names = fc.constantFrom(
    'checksum.sri',
    'directory',
    'resource_type',
    'http_header:a',
    'bazel.auth_headers',
    'a',
  );
  const qualifier = fc.record({ name: names, value: fc.oneof(fc.string(), fc.constant(sriOf('hello'))) });
  const uri = fc.oneof(
    fc.webUrl(),
    fc.constantFrom(url, 'urn:a', 'file:///etc/passwd', 'http://127.0.0.1'),
    fc.string(),
  );
  const digest = fc.record({ hash: fc.constantFrom('a', 'ab'.repeat(32)), sizeBytes: fc.integer() });
  const request = fc.record({
    uris: fc.array(uri, { maxLength: 3 }),
    qualifiers: fc.array(qualifier, { maxLength: 3 }),
    digestFunction: fc.constantFrom(0, 1, 3, 9),
    timeout: fc.record({ seconds: fc.integer(), nanos: fc.integer() }),
    oldestContentAccepted: fc.record({ seconds: fc.integer(), nanos: fc.integer() }),
  });
  const pushed = fc.record({
    uris: fc.array(uri, { maxLength: 3 }),
    blobDigest: digest,
    referencesBlobs: fc.array(digest),
  });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    request.map((each) => FetchBlobMessage.encode(FetchBlobMessage.fromPartial(each)).finish()),
    pushed.map((each) => PushBlobMessage.encode(PushBlobMessage.fromPartial(each)).finish()),
  );
  const headers = { text: () => undefined, binary: () => undefined };
  web.page(url, 'hello');
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.values(routes)), bytes, async (route, message) => {
      if (route.kind !== 'unary') throw new Error('all are unary');
      try {
        await route.handle(Object.assign(new Scope(), { headers }), message);
      } catch (reason) {
        expect(reason).toMatchObject({ code: 'invalid_argument' });
      }
    }),
    { numRuns: 500 },
  );
});

async function contents(message: { hash: string; sizeBytes: number } | undefined): Promise<Directory> {
  if (message === undefined) throw new Error('no digest');
  const blob = await blobs.get(background(), Digest.of('sha256', message.hash, message.sizeBytes));
  if (blob?.bytes === undefined) throw new Error('not here');
  return Directory.decode(blob.bytes);
}

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
}
