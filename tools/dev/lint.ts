import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Every check of the sources that needs no test run: format and lint, types, definitions, Bazel files, tidiness. */
const root = fileURLToPath(new URL('../..', import.meta.url));
const isFixing = process.argv.includes('--fix');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

const steps: readonly (readonly [string, readonly string[]])[] = [
  [bin('biome'), ['check', ...(isFixing ? ['--write'] : []), '.']],
  [bin('tsc'), ['-p', '.']],
  [bin('buf'), ['lint', 'proto']],
  [bin('buf'), ['format', 'proto', ...(isFixing ? ['--write'] : ['--diff', '--exit-code'])]],
  [bin('buildifier'), [`-mode=${isFixing ? 'fix' : 'check'}`, '-lint=warn', ...bazelFiles()]],
  [process.execPath, ['--conditions=gorego-source', 'tools/tidy/tidy.ts']],
];

function bazelFiles(): string[] {
  const patterns = ['*.bzl', '*BUILD.bazel', 'MODULE.bazel', 'WORKSPACE'];
  const listed = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard', ...patterns], {
    cwd: root,
    encoding: 'utf8',
  });
  return listed.split('\0').filter((path) => path !== '');
}

for (const [program, args] of steps) {
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${program.slice(root.length)} ${args.join(' ')} found something`);
    process.exitCode = 1;
  }
}
