import { badArchive } from './archive-entry.ts';
import type { Directory } from './tree.ts';

/** Links on the way to one place, as Linux has it. */
const hopsMax = 40;

/**
 * Refuses a tree with a link that leads out of it, be it through other links. A link to nothing, or in circles, harms
 * nobody.
 */
export function checkLinks(root: Directory): void {
  const visit = (directory: Directory, above: readonly Directory[], path: string): void => {
    for (const [name, node] of directory.children) {
      const here = `${path}${name}`;
      if (node.kind === 'directory') visit(node, [...above, directory], `${here}/`);
      else if (node.kind === 'symlink' && leavesTree([...above, directory], node.target)) {
        throw badArchive(
          `has ${JSON.stringify(here.slice(0, 200))}, a link out of it: ${JSON.stringify(node.target.slice(0, 200))}`,
        );
      }
    }
  };
  visit(root, [], '');
}

/** `from` are the directories from the root down to where the link is. */
function leavesTree(from: readonly Directory[], target: string): boolean {
  const place: (Directory | undefined)[] = [...from]; // Undefined below what is not there: it could be made.
  let names = target.split('/');
  if (target.startsWith('/')) return true;
  for (let hops = 0; names.length > 0; ) {
    const [name = '', ...rest] = names;
    names = rest;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (place.length === 1) return true;
      place.pop();
      continue;
    }
    const node = place.at(-1)?.children.get(name);
    if (node?.kind === 'symlink') {
      if (node.target.startsWith('/')) return true;
      hops++;
      if (hops > hopsMax) return false;
      names = [...node.target.split('/'), ...rest];
    } else place.push(node?.kind === 'directory' ? node : undefined);
  }
  return false;
}
