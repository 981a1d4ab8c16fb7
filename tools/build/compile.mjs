// Compiles every package's sources to JavaScript with types and maps, below dist/js: what npm packages are made of.
// Plain JavaScript, because `npm pack` runs it with whatever Node there is.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const compiled = join(root, 'dist/js');

export function compile() {
  rmSync(compiled, { recursive: true, force: true });
  mkdirSync(compiled, { recursive: true });
  const config = join(root, 'dist/tsconfig.build.json');
  const include = readdirSync(join(root, 'pkg')).map((name) => `../pkg/${name}/src`);
  writeFileSync(
    config,
    JSON.stringify({
      extends: '../tsconfig.base.json',
      compilerOptions: { rootDir: '..', outDir: 'js', customConditions: ['gorego-source'] },
      include: [...include, '../pkg/proto/gen'],
      exclude: ['../**/*.test.ts', '../pkg/*/src/**/*.d.ts'],
    }),
  );
  const tsc = join(dirname(createRequire(join(root, 'package.json')).resolve('typescript/package.json')), 'bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', config], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`tsc ended with status ${status}`);
}
