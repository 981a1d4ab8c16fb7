import assert from 'node:assert/strict';
import type { ActionResult, DeepPartial } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { uploadSmall } from './batches.ts';
import { absentDigest, type Blob, blobOf, directoryOf, emptyBlob, freshBlob, treeOf, upload } from './blobs.ts';
import type { Reapi } from './reapi.ts';
import { asking, type ConformanceCase } from './suite.ts';
import { chain, lattice } from './trees.ts';

/** A result, the blobs it needs, and which of them to hold back. */
interface Needing {
  readonly what: string;
  readonly make: () => { result: DeepPartial<ActionResult>; needed: readonly Blob[]; heldBack: Blob };
}

/** Two files in two directories, one in the other. */
function directories(): { files: Blob[]; child: Blob; root: Blob } {
  const files = [freshBlob(40), freshBlob(41)] as const;
  const child = directoryOf({ inner: files[0].digest, empty: emptyBlob.digest });
  const root = directoryOf({ outer: files[1].digest }, { child: child.digest, again: child.digest });
  return { files: [...files], child, root };
}

const kinds: readonly Needing[] = [
  ...(['stdoutDigest', 'stderrDigest'] as const).map((field) => ({
    what: field,
    make: () => {
      const blob = freshBlob(50);
      return { result: { [field]: blob.digest }, needed: [blob], heldBack: blob };
    },
  })),
  {
    what: 'an output file',
    make: () => {
      const blobs = [freshBlob(50), freshBlob(51), freshBlob(52)] as const;
      const outputFiles = blobs.map(({ digest }, i) => ({ path: `f${i}`, digest }));
      return { result: { outputFiles }, needed: blobs, heldBack: blobs[1] };
    },
  },
  ...(['tree', 'inner', 'outer'] as const).map((which) => ({
    what: which === 'tree' ? 'a Tree' : `a file in a Tree’s ${which === 'inner' ? 'children' : 'root'}`,
    make: () => {
      const { files, child, root } = directories();
      const tree = treeOf(root, child);
      const heldBack = { tree, inner: files[0] as Blob, outer: files[1] as Blob }[which];
      const outputDirectories = [{ path: 'd', treeDigest: tree.digest }];
      return { result: { outputDirectories }, needed: [tree, ...files], heldBack };
    },
  })),
  ...(['root', 'child', 'inner', 'outer'] as const).map((which) => ({
    what: `of a root_directory_digest the ${which}`,
    make: () => {
      const { files, child, root } = directories();
      const heldBack = { root, child, inner: files[0] as Blob, outer: files[1] as Blob }[which];
      const outputDirectories = [{ path: 'd', rootDirectoryDigest: root.digest }];
      return { result: { outputDirectories }, needed: [root, child, ...files], heldBack };
    },
  })),
];

/** Stores a result. Some servers refuse one that is incomplete, or whose directories have no tree: then, no result. */
async function update(api: Reapi, action: Blob['digest'], result: DeepPartial<ActionResult>): Promise<boolean> {
  const call = api.updateActionResult(action, result);
  return (await api.ends(call, 'ok', 'failed_precondition', 'invalid_argument', 'unknown')) === 'ok';
}

/** Results are given out only whole: every blob they name, however deep, is here. */
export const actionCacheCompleteness: readonly ConformanceCase[] = [
  ...kinds.map(({ what, make }) => ({
    name: `has no result while this is missing: ${what}`,
    obligations: ['AC-3', 'AC-5', 'AC-12'], // obligation: AC-3, AC-5, AC-12
    run: asking(async (api) => {
      const action = absentDigest();
      const { result, needed, heldBack } = make();
      await upload(api, ...needed.filter((blob) => blob !== heldBack));
      await update(api, action, result);
      await api.ends(api.getActionResult(action), 'not_found');
      await api.ends(api.getActionResult(action, { inlineStdout: true, inlineStderr: true }), 'not_found');
      await upload(api, heldBack);
      const isKept = api.isStrict || (await update(api, action, result)); // It may have dropped it.
      if (isKept) await api.getActionResult(action);
    }),
  })),
  {
    name: 'has no result whose tree is none',
    obligations: ['AC-3'], // obligation: AC-3
    run: asking(async (api) => {
      const garbage = blobOf(Buffer.concat([Buffer.from('0aff', 'hex'), freshBlob(30).bytes]));
      const badDirectory = directoryOf({ f: { hash: 'nonsense', sizeBytes: 5 } });
      const badTree = treeOf(badDirectory);
      await upload(api, garbage, badDirectory, badTree);
      for (const output of [
        { treeDigest: garbage.digest },
        { treeDigest: badTree.digest },
        { rootDirectoryDigest: garbage.digest },
        { rootDirectoryDigest: badDirectory.digest },
      ]) {
        const action = absentDigest();
        await update(api, action, { outputDirectories: [{ path: 'd', ...output }] });
        await api.ends(api.getActionResult(action), 'not_found');
      }
    }),
  },
  {
    name: 'knows the empty tree',
    obligations: ['AC-3', 'AC-5'], // obligation: AC-3, AC-5
    run: asking(async (api) => {
      const tree = blobOf(Buffer.of(0x0a, 0x00));
      await upload(api, tree);
      for (const treeDigest of [tree.digest, emptyBlob.digest]) {
        const action = absentDigest();
        await api.updateActionResult(action, { outputDirectories: [{ path: '', treeDigest }] });
        await api.getActionResult(action);
      }
    }),
  },
  ...(
    [
      ['2,000 levels deep', () => chain(2000)],
      ['of 2^40 paths', () => lattice(40)],
    ] as const
  ).map(([what, make]) => ({
    name: `checks a hierarchy ${what}`,
    obligations: ['AC-3', 'GTR-7'], // obligation: AC-3, GTR-7
    run: asking(async (api) => {
      const file = freshBlob(30);
      const { root, directories } = make();
      const top = directoryOf({ file: file.digest }, { root: root.digest });
      await uploadSmall(api, [...directories, top]);
      const action = absentDigest();
      await update(api, action, { outputDirectories: [{ path: 'd', rootDirectoryDigest: top.digest }] });
      await api.ends(api.getActionResult(action), 'not_found'); // The file, and the one at the very bottom.
    }),
  })),
  {
    name: 'checks a Tree of thousands of directories',
    obligations: ['AC-3'], // obligation: AC-3
    run: asking(async (api) => {
      const files = Array.from({ length: 1000 }, () => freshBlob(32));
      const children = files.map(({ digest }) => directoryOf({ f: digest }));
      const root = directoryOf({}, Object.fromEntries(children.map(({ digest }, i) => [`d${i}`, digest])));
      const tree = treeOf(root, ...children);
      const [last, ...others] = files.toReversed() as [Blob, ...Blob[]];
      await uploadSmall(api, others);
      await upload(api, tree);
      const result = { outputDirectories: [{ path: 'd', treeDigest: tree.digest }] };
      const action = absentDigest();
      await update(api, action, result);
      await api.ends(api.getActionResult(action), 'not_found');
      await upload(api, last);
      await update(api, action, result);
      assert.equal((await api.getActionResult(action)).outputDirectories.length, 1);
    }),
  },
];
