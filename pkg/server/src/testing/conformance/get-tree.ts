import assert from 'node:assert/strict';
import { methodPath, WireReader } from '@gorego/proto';
import {
  ContentAddressableStorageDefinition as cas,
  type GetTreeResponse,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { uploadSmall } from './batches.ts';
import { absentDigest, type Blob, blobOf, directoryOf, freshBlob, upload } from './blobs.ts';
import { encoded, type Reapi } from './reapi.ts';
import { asking, type ConformanceCase } from './suite.ts';
import { chain, lattice, wide } from './trees.ts';

interface Page {
  readonly directories: readonly Buffer[];
  readonly token: string;
}

/** The messages of one GetTree, the bytes of each directory as they came. */
async function pagesOf(
  api: Reapi,
  root: Blob['digest'],
  { pageSize = 0, pageToken = '' }: { pageSize?: number; pageToken?: string } = {},
): Promise<Page[]> {
  const request = encoded(cas, 'getTree', { rootDigest: root, pageSize, pageToken });
  const messages = await api.raw.serverStream(methodPath(cas, 'getTree'), request);
  return messages.map((message) => {
    const directories: Buffer[] = [];
    let token = '';
    for (const reader = new WireReader(message); reader.next(); ) {
      if (reader.field === 1) directories.push(reader.bytes());
      else if (reader.field === 2) token = reader.string();
    }
    return { directories, token };
  });
}

/** Hashes of all directories that came. */
function hashesOf(pages: readonly Page[]): string[] {
  return pages.flatMap(({ directories }) => directories.map((directory) => blobOf(directory).digest.hash));
}

function assertComplete(pages: readonly Page[], tree: readonly Blob[], { isStrict }: Reapi): void {
  const hashes = hashesOf(pages);
  assert.deepEqual(new Set(hashes), new Set(tree.map(({ digest }) => digest.hash)));
  if (isStrict) assert.equal(hashes.length, new Set(hashes).size, 'a directory came twice');
}

/** GetTree. */
export const getTree: readonly ConformanceCase[] = [
  {
    name: 'gives the root first, all below it, and an empty token at the end of the one stream',
    obligations: ['GTR-1', 'GTR-5'], // obligation: GTR-1, GTR-5
    run: asking(async (api) => {
      const tree = wide(3, 4);
      await uploadSmall(api, tree.directories);
      const pages = await pagesOf(api, tree.root.digest);
      assertComplete(pages, tree.directories, api);
      assert.equal(hashesOf(pages.slice(0, 1))[0], tree.root.digest.hash);
      assert.equal(pages.at(-1)?.token, '');
    }),
  },
  {
    name: 'has no tree of a root that is not here, or is no directory',
    obligations: ['GTR-2'], // obligation: GTR-2
    run: asking(async (api) => {
      await api.ends(pagesOf(api, absentDigest()), 'not_found');
      const noDirectory = blobOf(Buffer.from('\x0a\xff\xff\xff no directory'));
      await upload(api, noDirectory);
      await api.ends(pagesOf(api, noDirectory.digest), 'invalid_argument', 'internal', 'data_loss', 'unknown');
    }),
  },
  {
    name: 'leaves out what is not here, with all below it',
    obligations: ['GTR-3'], // obligation: GTR-3
    run: asking(async (api) => {
      const below = directoryOf({ f: absentDigest() });
      const absent = directoryOf({}, { below: below.digest });
      const here = directoryOf({ g: absentDigest() });
      const root = directoryOf({}, { absent: absent.digest, here: here.digest });
      await upload(api, root, here, below);
      assertComplete(await pagesOf(api, root.digest), [root, here], api);
    }),
  },
  ...[1, 3, 7, 1_000_000].map((pageSize) => ({
    name: `puts at most ${pageSize} directories into a message when asked to`,
    obligations: ['GTR-4', 'GTR-5'], // obligation: GTR-4, GTR-5
    run: asking(async (api) => {
      const tree = wide(4, 3);
      await uploadSmall(api, tree.directories);
      const pages = await pagesOf(api, tree.root.digest, { pageSize });
      assertComplete(pages, tree.directories, api);
      for (const { directories } of pages) assert(directories.length <= pageSize);
      for (const { token } of pages.slice(0, -1)) assert(token !== '' || !api.isStrict);
    }),
  })),
  {
    name: 'refuses a negative page size, and tokens it did not give',
    obligations: ['GTR-4', 'GTR-6'], // obligation: GTR-4, GTR-6
    run: asking(async (api) => {
      const [tree, other] = [wide(2, 2), wide(2, 2)];
      await uploadSmall(api, [...tree.directories, ...other.directories]);
      await api.ends(pagesOf(api, tree.root.digest, { pageSize: -1 }), 'invalid_argument', 'ok');
      const [page] = await pagesOf(api, other.root.digest, { pageSize: 1 });
      for (const pageToken of ['garbage', '-1', `1-${'0'.repeat(64)}`, '../..', page?.token ?? '']) {
        await api.ends(pagesOf(api, tree.root.digest, { pageToken }), 'invalid_argument', 'ok');
      }
    }),
  },
  {
    name: 'goes on after each token, and leaves nothing out',
    obligations: ['GTR-6'], // obligation: GTR-6
    run: asking(async (api) => {
      const tree = wide(3, 3);
      await uploadSmall(api, tree.directories);
      const pages = await pagesOf(api, tree.root.digest, { pageSize: 2 });
      for (const [i, { token: pageToken }] of pages.entries()) {
        if (pageToken === '') continue;
        const rest = await pagesOf(api, tree.root.digest, { pageSize: 2, pageToken });
        assertComplete([...pages.slice(0, i + 1), ...rest], tree.directories, api);
        if (api.isStrict) assert.deepEqual(hashesOf(rest), hashesOf(pages.slice(i + 1)));
      }
    }),
  },
  {
    name: 'sends each directory of 2^40 paths once',
    obligations: ['GTR-7'], // obligation: GTR-7
    run: asking(async (api) => {
      const tree = lattice(40);
      await uploadSmall(api, tree.directories);
      assertComplete(await pagesOf(api, tree.root.digest), tree.directories, api);
    }),
  },
  {
    name: 'sends once what looks alike at every level',
    obligations: ['GTR-7'], // obligation: GTR-7
    run: asking(async (api) => {
      const leaf = directoryOf({ f: absentDigest() });
      const middle = directoryOf({}, { a: leaf.digest, b: leaf.digest });
      const top = directoryOf({}, { a: middle.digest, b: leaf.digest, c: middle.digest });
      const root = directoryOf({}, { a: top.digest, b: middle.digest, c: leaf.digest });
      await upload(api, leaf, middle, top, root);
      assertComplete(await pagesOf(api, root.digest), [root, top, middle, leaf], api);
    }),
  },
  {
    name: 'goes 10,000 levels deep',
    obligations: ['GTR-1'], // obligation: GTR-1
    run: asking(async (api) => {
      const tree = chain(10_000);
      await uploadSmall(api, tree.directories);
      assertComplete(await pagesOf(api, tree.root.digest), tree.directories, api);
    }),
  },
  {
    name: 'keeps each message below what every client accepts, however many directories may be in it',
    obligations: ['GTR-9', 'GEN-10'], // obligation: GTR-9, GEN-10
    run: asking(async (api) => {
      const large = Array.from({ length: 5 }, () =>
        directoryOf(Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`file-${i}`, absentDigest()]))),
      );
      const root = directoryOf({}, Object.fromEntries(large.map(({ digest }, i) => [`d${i}`, digest])));
      await upload(api, root, ...large);
      for (const pageSize of [0, 1_000_000]) {
        assertComplete(await pagesOf(api, root.digest, { pageSize }), [root, ...large], api);
      }
    }),
  },
  {
    name: 'passes a directory’s bytes on as they are',
    obligations: ['GTR-10'], // obligation: GTR-10
    run: asking(async (api) => {
      const child = directoryOf({ f: absentDigest() });
      const directory = directoryOf({ z: absentDigest() }, { child: child.digest });
      // Fields nobody knows, defaults written out, and a list continued after another field.
      const odd = blobOf(
        Buffer.concat([Buffer.from('fa3e0161', 'hex'), directory.bytes, directoryOf({ a: absentDigest() }).bytes]),
      );
      await upload(api, child, odd);
      const pages = await pagesOf(api, odd.digest);
      if (api.isStrict) assertComplete(pages, [odd, child], api);
      else assert(hashesOf(pages).includes(child.digest.hash));
    }),
  },
  {
    name: 'stops for a client that leaves in the middle',
    obligations: ['GEN-15'], // obligation: GEN-15
    run: asking(async (api) => {
      const tree = wide(10, 3);
      await uploadSmall(api, [...tree.directories, freshBlob(10)]);
      const call = api.raw.bidi(methodPath(cas, 'getTree'));
      call.on('error', () => {});
      call.end(Buffer.from(encoded(cas, 'getTree', { rootDigest: tree.root.digest, pageSize: 1 })));
      await new Promise((resolve) => call.once('data', resolve));
      call.cancel();
      const pages: GetTreeResponse[] = await api.serverStream(cas, 'getTree', { rootDigest: tree.root.digest });
      assert.equal(pages.flatMap(({ directories }) => directories).length, tree.directories.length);
    }),
  },
];
