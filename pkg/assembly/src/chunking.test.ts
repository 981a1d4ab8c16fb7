import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background, TaskGroup } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { systemClock as clock, systemRandom as random } from '@gorego/platform';
import { methodPath } from '@gorego/proto';
import { ContentAddressableStorageDefinition as cas } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { RemoteStore } from '@gorego/proxy';
import { defaultLimits, GrpcJsClient } from '@gorego/rpc';
import { BlobReader, type BlobStore, bytesOf } from '@gorego/storage';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Running } from './assemble.ts';
import { assembled } from './testing/assembled.ts';

const ctx = background();

/** Far above what any of this takes: a limit for what hangs. */
const patienceMs = 60_000;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gorego-chunking-'));
});
afterEach(() => rm(directory, { recursive: true }));

const running = (...flags: string[]): Promise<Running> => assembled(directory, ...flags);

/** One client of one goREgo, of whole blobs and of chunks. */
class Client implements AsyncDisposable {
  readonly blobs: BlobStore;
  readonly #stack = new AsyncDisposableStack();
  readonly #rpc: GrpcJsClient;

  constructor({ rpc }: Running) {
    const receiveWindowBytes = defaultLimits.receiveWindowBytes;
    const to = { ...rpc.address, tls: undefined, connections: 1, headersOf: () => [], receiveWindowBytes };
    this.#rpc = this.#stack.use(new GrpcJsClient({ clock, ...to }));
    const tasks = this.#stack.use(new TaskGroup(ctx, () => {}));
    const init = { client: this.#rpc, clock, random, tasks, ctx, instancePrefix: '', concurrentCallsMax: 10 };
    this.blobs = this.#stack.use(new RemoteStore(init)).blobs('');
  }

  async put(...all: readonly Buffer[]): Promise<Digest[]> {
    const digests = all.map((bytes) => Digest.ofBytes(bytes));
    for (const [i, digest] of digests.entries()) {
      await this.blobs.put(ctx, digest, BlobReader.ofBytes(all[i] as Buffer));
    }
    return digests;
  }

  async read(...digests: readonly Digest[]): Promise<Buffer> {
    const read = async (digest: Digest): Promise<Uint8Array> =>
      bytesOf((await this.blobs.get(ctx, digest)) as BlobReader, 1e8);
    return Buffer.concat(await Promise.all(digests.map(read)));
  }

  async split(digest: Digest): Promise<Digest[]> {
    const { requestType, responseType } = cas.methods.splitBlob;
    const request = requestType.encode(requestType.fromPartial({ blobDigest: messageOf(digest) })).finish();
    const answer = responseType.decode(await this.#rpc.unary(ctx, methodPath(cas, 'splitBlob'), request));
    return answer.chunkDigests.map(({ hash, sizeBytes }) => Digest.of('sha256', hash, sizeBytes));
  }

  async splice(digest: Digest, chunks: readonly Digest[]): Promise<void> {
    const { requestType } = cas.methods.spliceBlob;
    const request = { blobDigest: messageOf(digest), chunkDigests: chunks.map(messageOf) };
    const bytes = requestType.encode(requestType.fromPartial(request)).finish();
    await this.#rpc.unary(ctx, methodPath(cas, 'spliceBlob'), bytes);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

function messageOf(digest: Digest): { hash: string; sizeBytes: number } {
  return { hash: Digest.hex(digest), sizeBytes: Digest.sizeBytes(digest) };
}

/** What a store's files take together. */
async function storedBytes(store: string): Promise<number> {
  const paths = await readdir(join(directory, store), { recursive: true });
  const sizes = await Promise.all(paths.map(async (path) => (await stat(join(directory, store, path))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

const two = async (): Promise<{ far: Running; near: Running } & AsyncDisposable> => {
  await using stack = new AsyncDisposableStack();
  const far = stack.use(await running('--local_store.dir=far'));
  const target = `--backing_cache.target=grpc://127.0.0.1:${far.rpc.address.port}`;
  const near = stack.use(await running('--local_store.dir=near', target));
  const kept = stack.move();
  return { far, near, [Symbol.asyncDispose]: () => kept.disposeAsync() };
};

describe('a goREgo before a cache of whole blobs', () => {
  // obligation: SPC-1
  test(
    'takes a blob as chunks, gives it there whole, and keeps its bytes once',
    async () => {
      await using tiers = await two();
      await using near = new Client(tiers.near);
      await using far = new Client(tiers.far);
      const pieces = [randomBytes(3_000_000), randomBytes(2_000_000), randomBytes(2_500_000)];
      const chunks = await near.put(...pieces);
      const whole = Digest.ofBytes(Buffer.concat(pieces));
      await near.splice(whole, chunks);
      expect(Digest.ofBytes(await far.read(whole))).toBe(whole);
      expect(Digest.ofBytes(await near.read(whole))).toBe(whole);
      expect(await storedBytes('near')).toBeLessThan(8_500_000);
    },
    patienceMs,
  );

  // obligation: SPL-1
  test(
    'gives the chunks of a blob that is there whole, and keeps its bytes once',
    async () => {
      await using tiers = await two();
      await using near = new Client(tiers.near);
      await using far = new Client(tiers.far);
      const [whole] = (await far.put(randomBytes(9_000_000))) as [Digest];
      const chunks = await near.split(whole);
      expect(chunks.length).toBeGreaterThan(4);
      expect(Digest.ofBytes(await near.read(...chunks))).toBe(whole);
      expect(await storedBytes('near')).toBeLessThan(10_000_000);
      expect(await storedBytes('far')).toBeLessThan(10_000_000);
    },
    patienceMs,
  );

  // obligation: SPL-1, SPC-1
  test(
    'still knows after it was started again',
    async () => {
      const pieces = [randomBytes(3_000_000), randomBytes(2_000_000)];
      const joined = Digest.ofBytes(Buffer.concat(pieces));
      const absent = Digest.ofBytes(randomBytes(10));
      let chunks: Digest[];
      {
        await using gorego = await running();
        await using client = new Client(gorego);
        await client.splice(joined, await client.put(...pieces));
        const [whole] = (await client.put(randomBytes(5_000_000))) as [Digest];
        chunks = await client.split(whole);
      }
      await using gorego = await running();
      await using client = new Client(gorego);
      expect(Digest.ofBytes(await client.read(joined))).toBe(joined);
      expect(await client.blobs.findMissing(ctx, new Set([...chunks, absent]))).toEqual(new Set([absent]));
      expect((await client.read(...chunks)).byteLength).toBe(5_000_000);
    },
    patienceMs,
  );
});
