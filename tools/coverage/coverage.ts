import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { floors } from './floors.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** One file of Istanbul's json-summary. */
interface Summary {
  readonly lines: { readonly total: number; readonly covered: number };
}

/** Whether anything is left of a source without its types and comments: what is never run can't be covered. */
export function hasCode(source: string): boolean {
  return /\S/.test(stripTypeScriptTypes(source).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''));
}

/**
 * Adds files up by package: `pkg/storage` → lines and covered lines. Generated code, tests' helpers and files without
 * code don't count.
 */
export function byPackage(
  summary: Readonly<Record<string, Summary>>,
  base: string,
  counts: (path: string) => boolean,
): Map<string, Summary['lines']> {
  const sums = new Map<string, { total: number; covered: number }>();
  for (const [file, { lines }] of Object.entries(summary)) {
    const [, name] = /^((?:pkg|cmd)\/[^/]+)\//.exec(relative(base, file)) ?? [];
    if (name === undefined || /\/(gen|testing)\//.test(file) || !counts(file)) continue;
    const sum = sums.get(name) ?? { total: 0, covered: 0 };
    sums.set(name, { total: sum.total + lines.total, covered: sum.covered + lines.covered });
  }
  return sums;
}

/** Runs the tests with coverage, prints a line for each package, and fails below any package's floor. */
function main(): number {
  const jest = ['--no-warnings', '--experimental-vm-modules', 'node_modules/jest-cli/bin/jest.js'];
  const { status } = spawnSync(
    process.execPath,
    [
      ...jest,
      '--coverage',
      '--coverageReporters=json-summary',
      '--coverageReporters=lcovonly',
      '--silent',
      // Those of e2e/ run programs of their own: what they cover is not seen. The other weighs memory, and coverage has some.
      '--testPathIgnorePatterns=<rootDir>/e2e/|<rootDir>/pkg/server/src/memory.test.ts',
      // What is counted in a process that has run many tests is counted slowly: workers, not this process, and new ones.
      `--maxWorkers=${Math.max(2, availableParallelism())}`,
      '--workerIdleMemoryLimit=400MB',
      ...process.argv.slice(2),
    ],
    { cwd: root, stdio: 'inherit' },
  );
  if (status !== 0) return status ?? 1;
  const summary = JSON.parse(readFileSync(join(root, 'coverage/coverage-summary.json'), 'utf8')) as Record<
    string,
    Summary
  >;
  let isBelow = false;
  const sums = byPackage(summary, root, (path) => hasCode(readFileSync(path, 'utf8')));
  for (const name of [...sums.keys()].sort()) {
    const { total, covered } = sums.get(name) ?? { total: 0, covered: 0 };
    const share = total === 0 ? 100 : (100 * covered) / total;
    const floor = floors[name];
    const verdict = floor === undefined ? 'has no floor' : share < floor ? `is below its floor of ${floor}` : '';
    if (verdict !== '') isBelow = true;
    console.log(`${name.padEnd(20)} ${share.toFixed(1).padStart(5)} % of ${total} lines ${verdict}`.trimEnd());
  }
  return isBelow ? 1 : 0;
}

if (import.meta.main) process.exitCode = main();
