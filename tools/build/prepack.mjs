// Run by `npm pack` in a package: puts what the package publishes beside its sources, and (--undo) takes it away again.
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { compile, compiled, root } from './compile.mjs';

const here = process.cwd();
const list = join(here, '.packed');

if (process.argv.includes('--undo')) {
  for (const file of readFileSync(list, 'utf8').split('\n')) rmSync(join(here, file), { force: true });
  rmSync(list);
} else {
  // The build compiles once for all packages; alone, a package compiles for itself.
  if (process.env.GOREGO_COMPILED !== '1') compile();
  const from = join(compiled, 'pkg', basename(here));
  const files = readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(from.length + 1));
  const added = [...files, 'LICENSE'].filter((file) => !existsSync(join(here, file)));
  writeFileSync(list, added.join('\n'));
  cpSync(from, here, { recursive: true });
  copyFileSync(join(root, 'LICENSE'), join(here, 'LICENSE'));
}
