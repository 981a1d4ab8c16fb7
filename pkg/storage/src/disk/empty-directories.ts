import { DiskPath } from './disk-path.ts';
import { leavesInBranch } from './leaves.ts';
import type { StoreParts } from './store-parts.ts';

type Parts = Pick<StoreParts, 'disk' | 'contents' | 'staging'>;

/** Are there more of them than are worth keeping? */
export function areTooManyEmpty({ contents }: Pick<Parts, 'contents'>): boolean {
  return contents.leaves.areTooManyEmpty(contents.fileBytes);
}

/**
 * Removes the directories of a branch that hold no files, and the branch if nothing is left in it. A file may come
 * meanwhile: then its directory stays, or is made anew by who names it.
 */
export async function removeEmpty({ disk, contents: { leaves }, staging }: Parts, branch: number): Promise<void> {
  const remove = async (directory: string): Promise<void> => {
    // Before: once it is gone, somebody may make it again, and rely on what is known of it.
    staging.unsettle(directory);
    await disk.removeDirectory(directory);
  };
  const first = branch * leavesInBranch;
  for (let leaf = first; leaf < first + leavesInBranch; leaf++) {
    if (!leaves.isEmpty(leaf)) continue;
    leaves.gone(leaf);
    await remove(DiskPath.leaf(leaf));
  }
  if (!leaves.isBranchThere(branch)) await remove(DiskPath.branch(branch));
}
