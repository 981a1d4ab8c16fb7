import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { compile, root } from './compile.mjs';
import { blake3Asset } from './embedded-blake3.ts';

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

/** In one file there is no node_modules to load machine code from. */
const embedded: Plugin = {
  name: 'embedded',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/native-blake3\.ts$/ }, () => ({ path: join(root, 'tools/build/embedded-blake3.ts') }));
  },
};

/** BLAKE3's machine code for this machine. */
function blake3File(): string {
  const require = createRequire(join(root, 'pkg/digest/package.json'));
  require('@napi-rs/blake-hash');
  const file = Object.keys(require.cache).find((path) => path.endsWith('.node'));
  if (file === undefined) throw new Error('@napi-rs/blake-hash has loaded no machine code');
  return file;
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
    plugins: [embedded],
  });
  const blob = join(root, 'dist/gorego.blob');
  const config = join(root, 'dist/sea.json');
  const sea = {
    main: bundle,
    output: blob,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    execArgv: ['--no-warnings'],
    assets: { [blake3Asset]: blake3File() },
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
