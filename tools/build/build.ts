import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { compile, root } from './compile.mjs';

/** Node looks for an embedded program behind this mark of its binary. */
const sentinelFuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** `dist/packages/*.tgz`: every package as npm publishes it. */
function buildPackages(): void {
  compile();
  const to = join(root, 'dist/packages');
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(join(root, 'pkg'))) {
    const { private: isPrivate } = JSON.parse(readFileSync(join(root, 'pkg', name, 'package.json'), 'utf8')) as {
      private?: boolean;
    };
    if (isPrivate === true) continue;
    const env = { ...process.env, GOREGO_COMPILED: '1' };
    const args = ['pack', '--silent', '--pack-destination', to];
    execFileSync('npm', args, { cwd: join(root, 'pkg', name), env, stdio: ['ignore', 'ignore', 'inherit'] });
  }
}

/** `dist/gorego`: the program and the Node that runs it, as one executable file. */
async function buildExecutable(): Promise<void> {
  const bundle = join(root, 'dist/gorego.cjs');
  await build({
    entryPoints: [join(root, 'cmd/gorego/src/main.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    conditions: ['gorego-source'],
    legalComments: 'none',
    logLevel: 'warning',
  });
  const blob = join(root, 'dist/gorego.blob');
  const config = join(root, 'dist/sea.json');
  const sea = {
    main: bundle,
    output: blob,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    execArgv: ['--no-warnings'],
  };
  writeFileSync(config, JSON.stringify(sea));
  execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  const unfinished = join(root, 'dist/gorego.new');
  copyFileSync(process.execPath, unfinished);
  chmodSync(unfinished, 0o755);
  const postject = join(root, 'node_modules/.bin/postject');
  const args = [unfinished, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', sentinelFuse];
  execFileSync(postject, args, { stdio: 'pipe' }); // What it prints of a success is noise.
  execFileSync('mv', [unfinished, join(root, 'dist/gorego')]);
  for (const file of [bundle, blob, config]) rmSync(file);
}

mkdirSync(join(root, 'dist'), { recursive: true });
buildPackages();
await buildExecutable();
console.log('dist/gorego, dist/packages/*.tgz');
