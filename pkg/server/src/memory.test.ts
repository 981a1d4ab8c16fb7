import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { methodPath, writeLengthDelimitedHeader } from '@gorego/proto';
import { ContentAddressableStorageDefinition as cas } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { ByteStreamDefinition as stream } from '@gorego/proto/google/bytestream/bytestream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ChildServer } from './testing/child-server.ts';
import { updateOne } from './testing/conformance/batches.ts';
import { absentDigest, type Blob, freshBlob, readName, upload, writeName } from './testing/conformance/blobs.ts';
import { compressedReadName, compressedWriteName, requestsOf, textBlob } from './testing/conformance/compressors.ts';
import { framed, RawConnection } from './testing/conformance/raw-connection.ts';
import { encoded, Reapi } from './testing/conformance/reapi.ts';
import { scratchDirectory } from './testing/scratch-directory.ts';
import type { DigestMessage } from './wire-digest.ts';

const mebibyte = 2 ** 20;
const patienceMs = 120_000;

let directory: Awaited<ReturnType<typeof scratchDirectory>>;
let server: ChildServer;
let api: Reapi;

beforeEach(async () => {
  directory = await scratchDirectory();
  server = await ChildServer.start(directory.path);
  api = new Reapi({ address: server.address, mode: 'strict', offers: [], instances: [''] });
}, patienceMs);
afterEach(async () => {
  api[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
}, patienceMs);

/** Begins 2,000 reads, on 20 connections whose readers take `windowBytes` of each and no more. */
async function standingReads(resourceName: string, windowBytes: number): Promise<RawConnection[]> {
  const request = framed(encoded(stream, 'read', { resourceName }));
  const settings = { initialWindowSize: windowBytes };
  const connections = Array.from({ length: 20 }, () => new RawConnection(server.address, { settings }));
  const begun = connections.flatMap((connection) =>
    Array.from({ length: 100 }, () => {
      const call = connection.open(methodPath(stream, 'read'));
      call.end(request);
      return new Promise((resolve, reject) => call.once('response', resolve).once('close', reject));
    }),
  );
  await Promise.all(begun);
  return connections;
}

/** Blobs one after another, `times` over: what that is, and what it is made of. */
function repeated(times: number, ...blobs: readonly Blob[]): { digest: DigestMessage; chunkDigests: DigestMessage[] } {
  const chunks = Array.from({ length: times }, () => blobs).flat();
  const hasher = createHash('sha256');
  for (const { bytes } of chunks) hasher.update(bytes);
  const chunkDigests = chunks.map(({ digest }) => digest);
  const sizeBytes = chunkDigests.reduce((sum, digest) => sum + digest.sizeBytes, 0);
  return { digest: { hash: hasher.digest('hex'), sizeBytes }, chunkDigests };
}

/** The hash of what is read of a blob, of which nothing is kept. */
async function hashOf(digest: DigestMessage): Promise<string> {
  const call = api.raw.bidi(methodPath(stream, 'read'));
  call.end(Buffer.from(encoded(stream, 'read', { resourceName: readName(digest) })));
  const hasher = createHash('sha256');
  for await (const message of call) hasher.update(stream.methods.read.responseType.decode(message as Buffer).data);
  return hasher.digest('hex');
}

describe('the memory of a server', () => {
  // obligation: BSR-15
  test.each<[number, string, string, number, (blob: Blob) => string]>([
    [300, '2,000 reads', 'a little', 65_535, ({ digest }) => readName(digest)],
    [300, '2,000 reads', 'nothing', 0, ({ digest }) => readName(digest)],
    [500, '2,000 compressed reads', 'a little', 65_535, ({ digest }) => compressedReadName(digest, 'zstd')],
  ])(
    'grows by less than %d MB for %s of 8 MiB that stand still, their readers taking %s',
    async (limitMb, _, __, windowBytes, nameOf) => {
      const blob = textBlob(8 * mebibyte); // Compressed, it is still more than anybody takes here.
      await upload(api, blob);
      const before = (await server.memory()).nowBytes;
      const connections = await standingReads(nameOf(blob), windowBytes);
      await api.has(absentDigest()); // It still answers.
      expect(((await server.memory()).peakBytes - before) / 1e6).toBeLessThan(limitMb);
      for (const connection of connections) connection[Symbol.dispose]();
      expect(await api.read(readName(blob.digest), 8 * mebibyte - 5)).toEqual(blob.bytes.subarray(-5));
    },
    patienceMs,
  );

  // obligation: BSR-1, BSW-1
  test(
    'grows by less than 200 MB for a blob of 512 MiB, in and out',
    async () => {
      const pieces = 512;
      const piece = freshBlob(mebibyte).bytes;
      const hasher = createHash('sha256');
      for (let i = 0; i < pieces; i++) hasher.update(piece);
      const digest = { hash: hasher.digest('hex'), sizeBytes: pieces * mebibyte };
      await upload(api, freshBlob(mebibyte)); // What there is to load is loaded.
      const before = (await server.memory()).nowBytes;

      const resourceName = writeName(digest);
      const requests = (function* () {
        for (let i = 0; i < pieces; i++)
          yield { resourceName, writeOffset: i * mebibyte, data: piece, finishWrite: i === pieces - 1 };
      })();
      expect(await api.write(requests)).toBe(digest.sizeBytes);
      expect(((await server.memory()).peakBytes - before) / 1e6).toBeLessThan(200);

      expect(await hashOf(digest)).toBe(digest.hash);
      expect(((await server.memory()).peakBytes - before) / 1e6).toBeLessThan(200);
    },
    patienceMs,
  );

  // obligation: SPL-1, SPC-1
  test(
    'grows by less than 200 MB for a blob of 1 GiB made of chunks, and one of 256 MiB cut into them',
    async () => {
      const [a, b] = [freshBlob(mebibyte), freshBlob(mebibyte)];
      await upload(api, a, b);
      const before = (await server.memory()).nowBytes;

      const made = repeated(512, a, b);
      await api.unary(cas, 'spliceBlob', { blobDigest: made.digest, chunkDigests: made.chunkDigests });
      expect(await hashOf(made.digest)).toBe(made.digest.hash);

      const { digest } = repeated(256, a);
      const resourceName = writeName(digest);
      const requests = (function* () {
        for (let i = 0; i < 256; i++)
          yield { resourceName, writeOffset: i * mebibyte, data: a.bytes, finishWrite: i === 255 };
      })();
      await api.write(requests);
      const { chunkDigests } = await api.unary(cas, 'splitBlob', { blobDigest: digest });
      expect(chunkDigests.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(digest.sizeBytes);
      expect(((await server.memory()).peakBytes - before) / 1e6).toBeLessThan(200);
    },
    patienceMs,
  );

  // obligation: BSW-14, BUB-4
  test(
    'grows by less than 200 MB for zstd bombs of 1 GiB, whatever size they are announced with',
    async () => {
      const part = zstdCompressSync(Buffer.alloc(64 * mebibyte));
      const bomb = Buffer.concat(Array(16).fill(part));
      await upload(api, freshBlob(mebibyte));
      const before = (await server.memory()).nowBytes;
      for (const sizeBytes of [1, 1000, 10 * mebibyte, 1024 * mebibyte]) {
        const digests = Array.from({ length: 4 }, () => absentDigest(sizeBytes));
        const write = async (digest: Blob['digest']): Promise<void> => {
          const requests = requestsOf(compressedWriteName(digest, 'zstd'), bomb);
          await api.ends(api.write(requests), 'invalid_argument');
          await api.ends(updateOne(api, digest, bomb, { compressor: 1 }), 'invalid_argument');
        };
        await Promise.all((sizeBytes > 100 * mebibyte ? digests.slice(0, 1) : digests).map(write));
        for (const digest of digests) expect(await api.has(digest)).toBe(false);
      }
      expect(((await server.memory()).peakBytes - before) / 1e6).toBeLessThan(200);
    },
    patienceMs,
  );

  // obligation: GEN-16, GEN-10
  test(
    'bears the largest message there may be, of nothing but the smallest fields',
    async () => {
      const cas = '/build.bazel.remote.execution.v2.ContentAddressableStorage';
      const ac = '/build.bazel.remote.execution.v2.ActionCache';
      const paths = [
        `${cas}/FindMissingBlobs`,
        `${cas}/BatchUpdateBlobs`,
        `${cas}/BatchReadBlobs`,
        `${ac}/GetActionResult`,
      ];
      const before = (await server.memory()).nowBytes;
      for (const tag of [0x12, 0x78]) {
        const flood = Buffer.alloc(15 * mebibyte, Buffer.of(tag, 0));
        const nested = Buffer.concat([writeLengthDelimitedHeader(3, flood.byteLength), flood]);
        for (const path of paths) await api.ends(api.raw.unary(path, flood), 'invalid_argument');
        await api.ends(api.raw.unary(`${ac}/UpdateActionResult`, nested), 'invalid_argument');
      }
      assert.equal(await api.has(absentDigest()), false);
      expect(((await server.memory()).peakBytes - before) / 1e6).toBeLessThan(250);
    },
    patienceMs,
  );
});
