import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { ActionResult, type DeepPartial } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { BlobReader, emptyAlwaysHere, MemoryBlobs } from '@gorego/storage';
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Blob, blobOf, directoryOf, emptyBlob, freshBlob, treeOf } from '../testing/conformance/blobs.ts';
import { chain, lattice } from '../testing/conformance/trees.ts';
import { DigestFunctions } from '../wire-digest.ts';
import { referencesOf } from './references.ts';

const ctx = background();
const action = Digest.ofBytes(Buffer.from('an action'));
const references = referencesOf(new DigestFunctions(['sha256']));

let memory: MemoryBlobs;
beforeEach(() => {
  memory = new MemoryBlobs();
});

async function keep(...blobs: readonly Blob[]): Promise<void> {
  for (const { bytes } of blobs) await memory.put(ctx, Digest.ofBytes(bytes), BlobReader.ofBytes(bytes));
}

function referencesIn(result: DeepPartial<ActionResult>): Promise<ReadonlySet<Digest> | undefined> {
  const encoded = ActionResult.encode(ActionResult.fromPartial(result)).finish();
  return references(ctx, action, encoded, emptyAlwaysHere(memory));
}

const digestsOf = (...blobs: readonly Blob[]): Set<Digest> => new Set(blobs.map(({ bytes }) => Digest.ofBytes(bytes)));

// obligation: AC-3, AC-5
describe('referencesOf', () => {
  const [a, b, c] = [freshBlob(10), freshBlob(20), freshBlob(30)] as const;
  const child = directoryOf({ b: b.digest });
  const root = directoryOf({ a: a.digest }, { child: child.digest });
  const tree = treeOf(root, child);

  test('finds nothing in an empty result, nor in one that has it all inline', async () => {
    expect(await referencesIn({})).toEqual(new Set());
    expect(await referencesIn({ stdoutRaw: a.bytes, outputSymlinks: [{ path: 'x', target: 'y' }] })).toEqual(new Set());
  });

  test('finds files, stdout and stderr, whether they are here or not', async () => {
    const outputFiles = [{ path: 'a', digest: a.digest }];
    const found = await referencesIn({ outputFiles, stdoutDigest: b.digest, stderrDigest: c.digest });
    expect(found).toEqual(digestsOf(a, b, c));
  });

  test('finds a tree and the files in it, and not the directories, which it holds itself', async () => {
    await keep(tree);
    const found = await referencesIn({ outputDirectories: [{ path: '', treeDigest: tree.digest }] });
    expect(found).toEqual(digestsOf(tree, a, b));
  });

  test('finds directories, and all below them', async () => {
    await keep(root, child);
    const found = await referencesIn({ outputDirectories: [{ path: '', rootDirectoryDigest: root.digest }] });
    expect(found).toEqual(digestsOf(root, child, a, b));
  });

  test.each<[string, () => readonly Blob[], object]>([
    ['a tree that is missing', () => [], { treeDigest: tree.digest }],
    ['a directory that is missing', () => [], { rootDirectoryDigest: root.digest }],
    ['a directory below it that is missing', () => [root], { rootDirectoryDigest: root.digest }],
    [
      'a tree that is none',
      () => [blobOf(Buffer.from('0aff', 'hex'))],
      { treeDigest: blobOf(Buffer.from('0aff', 'hex')).digest },
    ],
  ])('can’t know them of %s', async (_, here, output) => {
    await keep(...here());
    expect(await referencesIn({ outputDirectories: [{ path: '', ...output }] })).toBeUndefined();
  });

  test('takes the empty blob for a tree and a directory without anything', async () => {
    const outputDirectories = [{ path: '', treeDigest: emptyBlob.digest, rootDirectoryDigest: emptyBlob.digest }];
    expect(await referencesIn({ outputDirectories })).toEqual(new Set([Digest.empty('sha256')]));
  });

  test.each([
    ['10,000 levels', chain(10_000)],
    ['2^40 paths', lattice(40)],
  ])('reads each directory of %s once', async (_, { root, directories }) => {
    await keep(...directories);
    const found = await referencesIn({ outputDirectories: [{ path: '', rootDirectoryDigest: root.digest }] });
    expect(found?.size).toBe(directories.length + 1);
  });

  test.each(['treeDigest', 'rootDirectoryDigest'])('does not read more by %s than it may', async (field) => {
    const digest = { hash: 'ab'.repeat(32), sizeBytes: 300 * 2 ** 20 };
    const outputFiles = [{ path: 'the same, as a file', digest }];
    const result = { outputFiles, outputDirectories: [{ path: '', [field]: digest }] };
    await expect(referencesIn(result)).rejects.toMatchObject({ code: 'resource_exhausted' });
  });

  test('knows them, or says that it can’t, whatever bytes a result or a tree is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
        const found = await references(ctx, action, bytes, memory);
        expect(found === undefined || found instanceof Set).toBe(true);
        const blob = blobOf(Buffer.from(bytes));
        await keep(blob);
        const outputDirectories = [{ path: '', treeDigest: blob.digest, rootDirectoryDigest: blob.digest }];
        const inTree = await referencesIn({ outputDirectories });
        expect(inTree === undefined || inTree.size > 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
