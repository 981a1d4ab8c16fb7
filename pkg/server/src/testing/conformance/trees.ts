import { absentDigest, type Blob, directoryOf } from './blobs.ts';

/** Directories of a tree, the root among them. Their files are nowhere: who walks directories does not ask for them. */
export interface MadeTree {
  readonly root: Blob;
  readonly directories: readonly Blob[];
}

/** A tree of `levels` below the root, every directory of which has `width` others in it. */
export function wide(width: number, levels: number): MadeTree {
  const children = levels === 0 ? [] : Array.from({ length: width }, () => wide(width, levels - 1));
  const named = Object.fromEntries(children.map(({ root }, i) => [`d${i}`, root.digest]));
  const root = directoryOf({ file: absentDigest() }, named);
  return { root, directories: [root, ...children.flatMap(({ directories }) => directories)] };
}

/** One directory in another, `levels` deep below the root. */
export function chain(levels: number): MadeTree {
  return stacked(levels, (below) => ({ only: below.digest }));
}

/** One directory twice in another, `levels` deep: 2^levels paths through levels + 1 directories. */
export function lattice(levels: number): MadeTree {
  return stacked(levels, (below) => ({ left: below.digest, right: below.digest }));
}

function stacked(levels: number, above: (below: Blob) => Record<string, Blob['digest']>): MadeTree {
  let root = directoryOf({ file: absentDigest() });
  const directories = [root];
  for (let level = 0; level < levels; level++) {
    root = directoryOf({}, above(root));
    directories.push(root);
  }
  return { root, directories };
}
