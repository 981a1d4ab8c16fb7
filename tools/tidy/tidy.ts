import { fileURLToPath } from 'node:url';
import { commands, configuration } from './configuration.ts';
import { documents } from './documents.ts';
import { expectations } from './expectations.ts';
import { layering } from './layering.ts';
import { metrics } from './metrics.ts';
import { dependencies, packages } from './packages.ts';
import { repositoryTree, type Tree, type Untidy } from './tree.ts';

/** Everything in the tree that breaks a rule of the house. */
export function untidy(tree: Tree): Untidy[] {
  return [layering, packages, dependencies, documents, configuration, commands, metrics, expectations].flatMap(
    (check) => check(tree),
  );
}

if (import.meta.main) {
  const found = untidy(repositoryTree(fileURLToPath(new URL('../..', import.meta.url))));
  for (const { path, message } of found) console.error(`${path}: ${message}`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
