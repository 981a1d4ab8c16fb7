import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { systemClock, systemRandom } from '@gorego/platform';
import { methodPath } from '@gorego/proto';
import {
  ActionResult,
  ContentAddressableStorageDefinition as cas,
  Directory,
  GetTreeRequest,
  GetTreeResponse,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Route } from '@gorego/rpc';
import { cacheServices, DigestFunctions, referencesOf } from '@gorego/server';
import { BlobReader, MemoryActions, MemoryBlobs } from '@gorego/storage';
import { expect, test } from '@jest/globals';
import { ProxyStore } from './proxy-store.ts';
import { type ServedUpstream, serveUpstream } from './testing/upstream-server.ts';

const ctx = background();
const nothing = (): void => {};

/** Keeps a tree upstream, `width` directories in each down to `levels` below; gives its root. */
async function plant(blobs: MemoryBlobs, width: number, levels: number, path = ''): Promise<Digest> {
  const names = levels === 0 ? [] : Array.from({ length: width }, (_, i) => `${path}/${i}`);
  const below = await Promise.all(names.map((name) => plant(blobs, width, levels - 1, name)));
  const directories = below.map((digest, i) => ({
    name: `d${i}`,
    digest: { hash: Digest.hex(digest), sizeBytes: Digest.sizeBytes(digest) },
  }));
  const symlinks = [{ name: 'me', target: path }];
  const bytes = Directory.encode(Directory.fromPartial({ directories, symlinks })).finish();
  const digest = Digest.ofBytes(bytes);
  await blobs.put(ctx, digest, BlobReader.ofBytes(bytes));
  return digest;
}

function proxyOf({ remote, tasks }: ServedUpstream, near: MemoryBlobs): ProxyStore {
  return new ProxyStore({
    near: { blobs: near, actions: () => new MemoryActions() },
    far: remote,
    ...{ clock: systemClock, random: systemRandom, tasks, references: async () => new Set(), localWrite: 'async' },
    ...{ existenceLeaseMs: 60_000, actionLeaseMs: 0, windowBytes: 1_000_000 },
    observer: {
      ...{ onNearFailure: nothing, onDownload: nothing, onRepair: nothing, onTouch: nothing, onStale: nothing },
    },
  });
}

test('a result’s directories are checked level by level', async () => {
  await using upstream = await serveUpstream();
  const roots = await Promise.all([0, 1, 2, 3].map((i) => plant(upstream.blobs, 10, 2, `/root ${i}`)));
  const { blobs } = proxyOf(upstream, new MemoryBlobs()).instance('');
  const outputDirectories = roots.map((digest, i) => ({
    path: `d${i}`,
    rootDirectoryDigest: { hash: Digest.hex(digest), sizeBytes: Digest.sizeBytes(digest) },
  }));
  const result = ActionResult.encode(ActionResult.fromPartial({ outputDirectories })).finish();
  const references = referencesOf(new DigestFunctions(['sha256']));
  expect((await references(ctx, Digest.ofBytes(Buffer.from('an action')), result, blobs))?.size).toBe(4 * 111);
  expect(upstream.calls.get('BatchReadBlobs')).toBeLessThan(10);
});

test('GetTree fetches what tier 1 lacks level by level, not one by one, and only once', async () => {
  await using upstream = await serveUpstream();
  const root = await plant(upstream.blobs, 10, 3);
  const near = new MemoryBlobs();
  const proxy = proxyOf(upstream, near);
  const { routes } = cacheServices({
    instances: (name) => ({ name, ...proxy.instance(name) }),
    digestFunctions: ['sha256'],
  });
  const { handle } = routes[methodPath(cas, 'getTree')] as Route & { kind: 'serverStream' };
  const call = Object.assign(background(), { headers: { text: () => undefined, binary: () => undefined } });
  const rootDigest = { hash: Digest.hex(root), sizeBytes: Digest.sizeBytes(root) };
  const count = async (): Promise<number> => {
    let count = 0;
    const request = GetTreeRequest.encode(GetTreeRequest.fromPartial({ rootDigest })).finish();
    for await (const message of handle(call, request)) {
      const bytes = Array.isArray(message) ? Buffer.concat(message) : (message as Uint8Array);
      count += GetTreeResponse.decode(bytes).directories.length;
    }
    return count;
  };
  expect(await count()).toBe(1111);
  expect(upstream.calls.get('Read') ?? 0).toBe(0);
  expect(upstream.calls.get('BatchReadBlobs')).toBeLessThan(10);
  while (near.size < 1111) await new Promise((resolve) => setTimeout(resolve, 5));
  const before = upstream.calls.get('BatchReadBlobs');
  expect(await count()).toBe(1111);
  expect(upstream.calls.get('BatchReadBlobs')).toBe(before);
});
