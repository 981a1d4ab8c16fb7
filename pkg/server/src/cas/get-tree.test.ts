import { background, type Context } from '@gorego/context';
import { Digest } from '@gorego/digest';
import {
  Directory,
  GetTreeRequest,
  GetTreeResponse,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Route } from '@gorego/rpc';
import { BlobReader, type BlobStore, MemoryActions, MemoryBlobs } from '@gorego/storage';
import { describe, expect, test } from '@jest/globals';
import { DigestFunctions, digestMessage } from '../wire-digest.ts';
import { getTree } from './get-tree.ts';

const ctx = background();

/** Blobs in memory, which know what was read at once, and how often. */
class Watched implements BlobStore {
  readonly #inner = new MemoryBlobs();
  readonly reads = new Map<Digest, number>();
  #open = 0;
  #openBytes = 0;
  openMost = 0;
  openBytesMost = 0;

  async get(call: Context, digest: Digest): Promise<BlobReader | undefined> {
    this.reads.set(digest, (this.reads.get(digest) ?? 0) + 1);
    this.openMost = Math.max(this.openMost, ++this.#open);
    this.#openBytes += Digest.sizeBytes(digest);
    this.openBytesMost = Math.max(this.openBytesMost, this.#openBytes);
    await new Promise((resolve) => setImmediate(resolve));
    this.#open--;
    this.#openBytes -= Digest.sizeBytes(digest);
    return this.#inner.get(call, digest);
  }

  put(call: Context, digest: Digest, blob: BlobReader): Promise<void> {
    return this.#inner.put(call, digest, blob);
  }

  findMissing(call: Context, digests: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>> {
    return this.#inner.findMissing(call, digests);
  }

  /** Keeps a Directory of others, with `padding` to be of some size. */
  async directory(children: readonly Digest[], padding: string): Promise<Digest> {
    const directories = children.map((digest, i) => ({ name: `d${i}`, digest: digestMessage(digest) }));
    const symlinks = [{ name: 'padding', target: padding }];
    const bytes = Directory.encode(Directory.fromPartial({ directories, symlinks })).finish();
    const digest = Digest.ofBytes(bytes);
    await this.put(ctx, digest, BlobReader.ofBytes(bytes));
    return digest;
  }
}

async function countOf(blobs: BlobStore, root: Digest): Promise<number> {
  const route = getTree((name) => ({ name, blobs, actions: new MemoryActions() }), new DigestFunctions(['sha256']));
  const { handle } = route as Route & { kind: 'serverStream' };
  const call = Object.assign(background(), { headers: { text: () => undefined, binary: () => undefined } });
  const request = GetTreeRequest.encode(GetTreeRequest.fromPartial({ rootDigest: digestMessage(root) })).finish();
  let count = 0;
  for await (const message of handle(call, request)) {
    const bytes = Array.isArray(message) ? Buffer.concat(message) : (message as Uint8Array);
    count += GetTreeResponse.decode(bytes).directories.length;
  }
  return count;
}

describe('GetTree', () => {
  // obligation: GTR-7
  test('reads each directory once, hundreds at a time', async () => {
    const blobs = new Watched();
    const leaves = await Promise.all(Array.from({ length: 3000 }, (_, i) => blobs.directory([], `leaf ${i}`)));
    const middle = await Promise.all(
      Array.from({ length: 30 }, (_, i) => blobs.directory(leaves.slice(i * 90, i * 90 + 300), `middle ${i}`)),
    );
    const root = await blobs.directory(middle, 'root');
    expect(await countOf(blobs, root)).toBe(1 + 30 + 2910);
    expect(new Set(blobs.reads.values())).toEqual(new Set([1]));
    expect(blobs.openMost).toBe(500);
  });

  // obligation: GTR-9
  test('holds few at a time of directories that are large', async () => {
    const blobs = new Watched();
    const large = await Promise.all(
      Array.from({ length: 20 }, (_, i) => blobs.directory([], `${i} `.padEnd(3_000_000, '.'))),
    );
    const root = await blobs.directory(large, 'root');
    expect(await countOf(blobs, root)).toBe(21);
    expect(blobs.openBytesMost).toBeLessThanOrEqual(8 * 1024 * 1024);
  });
});
