import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { startGorego, temporary } from './gorego.ts';
import { succeed } from './run.ts';

const turbo = fileURLToPath(new URL('../node_modules/.bin/turbo', import.meta.url));

const files: Readonly<Record<string, string>> = {
  'package.json': '{"name": "root", "packageManager": "npm@11.0.0", "workspaces": ["packages/*"]}',
  'package-lock.json': '{"name": "root", "lockfileVersion": 3, "packages": {}}',
  'turbo.json':
    '{"tasks": {"build": {"inputs": ["package.json"], "outputs": ["out/**"]}}, "remoteCache": {"signature": true}}',
};
const program = `node -e "fs.mkdirSync('out'); fs.writeFileSync('out/file', process.cwd().slice(-1).repeat(100000))"`;

test('Turborepo runs each task once, and has the outputs from gorego the next time', async () => {
  await using base = await temporary();
  await using gorego = await startGorego([`--local_store.dir=${join(base.path, 'store')}`]);
  const cwd = join(base.path, 'workspace');
  for (const name of ['a', 'b']) {
    await mkdir(join(cwd, 'packages', name), { recursive: true });
    const manifest = { name, version: '1.0.0', scripts: { build: program } };
    await writeFile(join(cwd, 'packages', name, 'package.json'), JSON.stringify(manifest));
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
  const env = {
    ...{ HOME: base.path, TURBO_API: `http://${gorego.address}`, TURBO_TOKEN: 'any', TURBO_TEAM: 'team' },
    ...{
      TURBO_TELEMETRY_DISABLED: '1',
      TURBO_REMOTE_CACHE_SIGNATURE_KEY: 'a secret that all clients share, and nobody else',
    },
    ...{ DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
  };
  const build = (): Promise<string> =>
    succeed(turbo, ['run', 'build', '--cache=remote:rw', '--ui=stream'], { cwd, env });
  const outputs = (): Promise<string[]> =>
    Promise.all(['a', 'b'].map((name) => readFile(join(cwd, 'packages', name, 'out/file'), 'utf8')));

  expect(await build()).toMatch(/Cached: +0 cached, 2 total/);
  const cold = await outputs();
  for (const name of ['a', 'b']) await rm(join(cwd, 'packages', name, 'out'), { recursive: true });
  await rm(join(cwd, '.turbo'), { recursive: true, force: true, maxRetries: 5 });
  expect(await build()).toMatch(/Cached: +2 cached, 2 total/);
  expect(await outputs()).toEqual(cold);
  expect(gorego.messages.filter((message) => /failed|bug/.test(message))).toEqual([]);
}, 120_000);
