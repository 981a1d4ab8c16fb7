/**
 * Writes pkg/proto/gen from proto/: buf compiles, protogen.mjs writes the TypeScript.
 *
 *   node tools/proto/generate.ts [OUT]
 *
 * Needs no network and no home directory. The new files take the place of the old ones all at once; if they are the
 * same, the old ones stay as they are. Several runs at once do no harm.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

function main(out: string): void {
  // Beside what it replaces, to be renamed; below node_modules, which git, jest and editors pass over.
  const parent = join(dirname(out), 'node_modules');
  mkdirSync(parent, { recursive: true });
  const scratch = mkdtempSync(join(parent, '.gen-'));
  try {
    const fresh = join(scratch, 'fresh');
    generate(fresh, scratch);
    if (!same(fresh, out)) replace(out, fresh, join(scratch, 'old'));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function generate(out: string, scratch: string): void {
  const descriptors = join(scratch, 'descriptors.binpb');
  const buf = createRequire(import.meta.url).resolve('@bufbuild/buf/bin/buf');
  run(buf, ['build', 'proto', '--as-file-descriptor-set', '--output', descriptors], {
    HOME: scratch,
    BUF_CACHE_DIR: join(scratch, 'buf'),
  });
  run('tools/proto/protogen.mjs', ['--descriptor_set', descriptors, '--out', out]);
}

function run(program: string, args: string[], env: Record<string, string> = {}): void {
  const { error, status } = spawnSync(process.execPath, [program, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 2, 2],
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ended with status ${status}`);
}

function same(a: string, b: string): boolean {
  try {
    const files = filesOf(a);
    return (
      files.join() === filesOf(b).join() &&
      files.every((file) => readFileSync(join(a, file)).equals(readFileSync(join(b, file))))
    );
  } catch {
    // Another run took one of them away in between.
    return false;
  }
}

function filesOf(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length))
    .sort();
}

/** A directory can't be renamed onto another: the old one is moved aside first. */
function replace(out: string, fresh: string, old: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      if (existsSync(out)) renameSync(out, old);
      renameSync(fresh, out);
      return;
    } catch (error) {
      // Another run is at it. What that one wrote is as good, once it is there.
      if (same(fresh, out)) return;
      if (attempt === attemptsMax) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryAfterMs);
    }
  }
}

const attemptsMax = 100;
const retryAfterMs = 20;

try {
  main(resolve(process.argv[2] ?? join(root, 'pkg/proto/gen')));
} catch (error) {
  process.stderr.write(`generate: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
