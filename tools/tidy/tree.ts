import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files of the repository: what git tracks, and what it would. Texts are read when asked for. */
export interface Tree {
  readonly paths: ReadonlySet<string>;
  text(path: string): string;
}

export function repositoryTree(root: string): Tree {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const deleted = new Set(
    execFileSync('git', ['ls-files', '-z', '--deleted'], { cwd: root, encoding: 'utf8' }).split('\0'),
  );
  const paths = new Set(listed.split('\0').filter((path) => path !== '' && !deleted.has(path)));
  return { paths, text: (path) => readFileSync(join(root, path), 'utf8') };
}

/** A tree made of texts, for tests. */
export function treeOf(texts: Readonly<Record<string, string>>): Tree {
  return { paths: new Set(Object.keys(texts)), text: (path) => texts[path] ?? '' };
}

/** Something that isn't tidy, and where. */
export interface Untidy {
  readonly path: string;
  readonly message: string;
}

/** Where a module's imports lead: every specifier in its `import` and `export … from`, static or not. */
export function importsOf(source: string): string[] {
  const pattern =
    /^\s*(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  return Array.from(source.matchAll(pattern), ([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '');
}
