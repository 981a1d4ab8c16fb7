import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { slowTests } from './slow-tests.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

/** Lint, types and the quick tests side by side; the first that fails ends the others. Arguments are paths to look at. */
const paths = process.argv.slice(2);
const sources = paths.filter((path) => path.endsWith('.ts'));
const steps: readonly (readonly [string, string, readonly string[]])[] = [
  ['lint', bin('biome'), ['check', '--no-errors-on-unmatched', ...(paths.length > 0 ? paths : ['.'])]],
  ['types', bin('tsc'), ['-p', '.']],
  [
    'tests',
    process.execPath,
    [
      ...['--no-warnings', '--experimental-vm-modules', 'node_modules/jest-cli/bin/jest.js'],
      ...['--bail', '--silent', `--maxWorkers=${availableParallelism()}`],
      `--testPathIgnorePatterns=/(${slowTests.join('|').replaceAll('.', '\\.')})`,
      ...(sources.length > 0 ? ['--passWithNoTests', '--findRelatedTests', ...sources, 'tools/tidy/tidy.ts'] : []),
    ],
  ],
];

const children = steps.map(([name, program, args]) => {
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.on('close', (status) => {
    if (status === 0 || process.exitCode === 1) return;
    process.exitCode = 1;
    console.error(`${name} failed:\n${output}`);
    for (const other of children) other.kill();
  });
  return child;
});
