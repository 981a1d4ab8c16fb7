import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { methodPath, type ServiceDefinition } from '@gorego/proto';
import {
  ActionCacheDefinition as ac,
  CapabilitiesDefinition as caps,
  ContentAddressableStorageDefinition as cas,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { ByteStreamDefinition as stream } from '@gorego/proto/google/bytestream/bytestream';
import { HealthDefinition as health } from '@gorego/proto/grpc/health/v1/health';
import { ServerReflectionDefinition as reflection } from '@gorego/proto/grpc/reflection/v1/reflection';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc, { type Arbitrary } from 'fast-check';
import { ChildServer } from './testing/child-server.ts';
import { assertReadable, freshBlob, upload } from './testing/conformance/blobs.ts';
import { compressors } from './testing/conformance/compressors.ts';
import { codeOf, Reapi } from './testing/conformance/reapi.ts';
import { scratchDirectory } from './testing/scratch-directory.ts';

/** A call that nobody honest makes: one message, or several for a method that takes them. */
interface HostileCall {
  readonly path: string;
  readonly messages: readonly Uint8Array[];
}

const somewhere = '../../../../../../../../tmp/gorego-was-here';
const hash = 'ab'.repeat(32);

const text = fc.oneof(
  fc.constantFrom('', somewhere, '/etc/passwd', '..', '.', '%2e%2e%2f', '\0', `${hash}\0`, 'a/b', '\n', 'ö', '𝄞'),
  fc.string({ maxLength: 10 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
);
const instanceName = fc.oneof(fc.constantFrom('', 'a', 'a/b', 'blobs', '..', '../..', 'cas', 'ac', 'tmp'), text);
const bytes = fc.uint8Array({ maxLength: 60 });
const number = fc.oneof(fc.constantFrom(0, 1, 2, 3, 9, 77, -1, 2 ** 31 - 1), fc.integer());
const sizeBytes = fc.oneof(
  fc.constantFrom(0, 1, 5, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1)),
  fc.integer({ min: -10, max: 300 }),
);
const hashText = fc.oneof(
  fc.constantFrom(hash, hash.toUpperCase(), hash.slice(1), `${hash}0`, hash.slice(0, 40), `${somewhere}${hash}`),
  text,
);
const digest = fc.record({ hash: hashText, sizeBytes });
const maybeDigest = fc.option(digest, { nil: undefined });

const segment = fc.oneof(
  fc.constantFrom('blobs', 'uploads', 'compressed-blobs', 'zstd', 'deflate', 'brotli', 'identity', 'sha256', 'blake3'),
  fc.constantFrom(hash, '42', '0', '-1', '042', 'a', '', '..', somewhere),
  text,
);
const resourceName = fc.oneof(
  fc.array(segment, { maxLength: 8 }).map((segments) => segments.join('/')),
  fc.tuple(segment, hashText, sizeBytes).map(([form, hash, size]) => `uploads/u/${form}/${hash}/${size}`),
  fc.tuple(instanceName, hashText, sizeBytes).map(([instance, hash, size]) => `${instance}/blobs/${hash}/${size}`),
);

/** What a compressor made of something, and somebody spoilt. */
const compressed = fc
  .record({
    compressor: fc.constantFrom(...compressors),
    content: fc.uint8Array({ maxLength: 300 }),
    spoil: fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 }),
    cut: fc.nat(400),
    tail: bytes,
  })
  .map(({ compressor, content, spoil, cut, tail }) => {
    const whole = Buffer.concat([compressor.compress(content), tail]);
    for (const [at, byte] of spoil) if (at < whole.byteLength) whole[at] = byte;
    return { compressor, data: whole.subarray(0, cut), sizeBytes: content.byteLength };
  });

const tree = fc.record({ path: text, treeDigest: maybeDigest, rootDirectoryDigest: maybeDigest });
const link = fc.record({ path: text, target: text });
const result = fc.record({
  outputFiles: fc.array(fc.record({ path: text, digest: maybeDigest, contents: bytes }), { maxLength: 3 }),
  outputDirectories: fc.array(tree, { maxLength: 3 }),
  outputSymlinks: fc.array(link, { maxLength: 3 }),
  stdoutRaw: bytes,
  stdoutDigest: maybeDigest,
});

/** Requests with every field there is, each of its right type and of no use. */
const requests: readonly Arbitrary<HostileCall>[] = [
  of(caps, 'getCapabilities', { instanceName }),
  of(cas, 'findMissingBlobs', { instanceName, blobDigests: fc.array(digest), digestFunction: number }),
  of(cas, 'batchReadBlobs', { instanceName, digests: fc.array(digest), acceptableCompressors: fc.array(number) }),
  of(cas, 'batchUpdateBlobs', {
    instanceName,
    digestFunction: number,
    requests: fc.array(fc.record({ digest: maybeDigest, data: bytes, compressor: number }), { maxLength: 5 }),
  }),
  of(cas, 'batchUpdateBlobs', {
    requests: compressed.map(({ compressor, data, sizeBytes }) => [
      { digest: { hash, sizeBytes }, data, compressor: compressor.number },
    ]),
  }),
  of(cas, 'getTree', { instanceName, rootDigest: maybeDigest, pageSize: number, pageToken: text }),
  ...(['splitBlob', 'getChunkMapping'] as const).map((method) =>
    of(cas, method, { instanceName, blobDigest: maybeDigest, digestFunction: number, chunkingFunction: number }),
  ),
  ...(['spliceBlob', 'registerChunkMapping'] as const).map((method) =>
    of(cas, method, {
      instanceName,
      blobDigest: maybeDigest,
      chunkDigests: fc.array(digest),
      digestFunction: number,
      chunkingFunction: number,
    }),
  ),
  of(ac, 'getActionResult', {
    instanceName,
    actionDigest: maybeDigest,
    inlineOutputFiles: fc.array(text),
    digestFunction: number,
  }),
  of(ac, 'updateActionResult', {
    instanceName,
    actionDigest: maybeDigest,
    actionResult: result,
    digestFunction: number,
  }),
  of(stream, 'read', { resourceName, readOffset: sizeBytes, readLimit: sizeBytes }),
  of(stream, 'queryWriteStatus', { resourceName }),
  writes(fc.record({ resourceName, writeOffset: sizeBytes, data: bytes, finishWrite: fc.boolean() })),
  writes(
    compressed.map(({ compressor, data, sizeBytes }) => ({
      resourceName: `uploads/u/compressed-blobs/${compressor.name}/${hash}/${sizeBytes}`,
      data,
      finishWrite: true,
    })),
  ),
];

/** Paths of all methods, with what they take. */
const paths = [caps, cas, ac, stream, health, reflection].flatMap((service: ServiceDefinition) =>
  Object.keys(service.methods).map((method) => methodPath(service, method)),
);

/** Bytes that may be a message of some type or other. */
const anyBytes: Arbitrary<HostileCall> = fc.record({
  path: fc.constantFrom(...paths),
  messages: fc.array(fc.uint8Array({ maxLength: 80 }), { minLength: 1, maxLength: 1 }),
});

/** A request with some of its bytes changed. */
const spoilt: Arbitrary<HostileCall> = fc
  .tuple(fc.oneof(...requests), fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 }))
  .map(([{ path, messages }, changes]) => ({
    path,
    messages: messages.map((message) => {
      const changed = Buffer.from(message);
      for (const [at, byte] of changes) if (at < changed.byteLength) changed[at] = byte;
      return changed;
    }),
  }));

const hostileCall: Arbitrary<HostileCall> = fc.oneof(...requests, anyBytes, spoilt, spoilt);

function of(
  service: ServiceDefinition,
  name: string,
  fields: Record<string, Arbitrary<unknown>>,
): Arbitrary<HostileCall> {
  return fc
    .record(fields)
    .map((request) => ({ path: methodPath(service, name), messages: [encode(service, name, request)] }));
}

function writes(request: Arbitrary<unknown>): Arbitrary<HostileCall> {
  return fc
    .array(request, { minLength: 1, maxLength: 3 })
    .map((all) => ({ path: methodPath(stream, 'write'), messages: all.map((each) => encode(stream, 'write', each)) }));
}

function encode(service: ServiceDefinition, name: string, request: unknown): Uint8Array {
  const codec = service.methods[name]?.requestType as unknown as {
    fromPartial(partial: unknown): unknown;
    encode(message: unknown): { finish(): Uint8Array };
  };
  return codec.encode(codec.fromPartial(request)).finish();
}

/** How many calls one run of the tests makes, some at once. */
const calls = 3000;
const callsAtOnce = 20;
const patienceMs = 120_000;

let directory: Awaited<ReturnType<typeof scratchDirectory>>;
let server: ChildServer;
let api: Reapi;

/** What there is, but for what is in the store. */
async function outside(): Promise<string[]> {
  const names = await readdir(directory.path, { recursive: true });
  return names.filter((name) => !name.startsWith(join('a', 'store', '')) && name !== join('a', 'store'));
}

beforeAll(async () => {
  directory = await scratchDirectory();
  const store = join(directory.path, 'a', 'store');
  await mkdir(store, { recursive: true });
  server = await ChildServer.start(store);
  api = new Reapi({ address: server.address, mode: 'strict', functions: ['sha256'], offers: [], instances: [''] });
}, patienceMs);
afterAll(async () => {
  api[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

/** How a call ends that sends its messages and half-closes: with its first answer, for some have no end. */
function ending({ path, messages }: HostileCall): Promise<string> {
  return new Promise((resolve) => {
    const call = api.raw.bidi(path);
    call.once('data', () => {
      resolve('ok');
      call.cancel();
    });
    call.on('error', (reason) => resolve(`${codeOf(reason)} ${reason.message}`));
    call.once('end', () => resolve('ok'));
    for (const message of messages) call.write(Buffer.from(message));
    call.end();
  });
}

describe('whatever bytes come, the server', () => {
  // obligation: GEN-16, GEN-1, BSR-4, BSW-21, BSW-14, BUB-4
  test(
    'says what is wrong with them, and never that something is wrong with itself',
    async () => {
      const some = fc.array(hostileCall, { minLength: callsAtOnce, maxLength: callsAtOnce });
      await fc.assert(
        fc.asyncProperty(some, async (some) => {
          const endings = await Promise.all(some.map(ending));
          for (const [i, end] of endings.entries()) {
            expect([some[i]?.path, end]).toEqual([
              some[i]?.path,
              expect.stringMatching(/^(ok|invalid_argument|not_found|out_of_range|unimplemented|resource_exhausted)\b/),
            ]);
          }
        }),
        { numRuns: calls / callsAtOnce },
      );
    },
    patienceMs,
  );

  // obligation: GEN-16
  test('writes no file outside its store, and serves on', async () => {
    expect(await outside()).toEqual(['a']);
    await expect(stat('/tmp/gorego-was-here')).rejects.toMatchObject({ code: 'ENOENT' });
    const blob = freshBlob(100_000);
    await upload(api, blob);
    await assertReadable(api, blob);
  });
});
