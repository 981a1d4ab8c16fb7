import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startGorego, temporary } from './gorego.ts';
import { run, succeed } from './run.ts';

/** Eighty packages that nothing else here needs: they are installed where they are tested. */
const nxVersion = '24.0.6';

const files: Readonly<Record<string, string>> = {
  'package.json': '{"name": "root", "private": true}',
  'nx.json': '{"analytics": false, "neverConnectToCloud": true}',
  'a/project.json': JSON.stringify({
    name: 'a',
    targets: {
      build: {
        command: `node -e "fs.mkdirSync('out'); fs.writeFileSync('out/file', 'a'.repeat(100000)); console.log('said')"`,
        cache: true,
        inputs: ['{projectRoot}/project.json'],
        outputs: ['{workspaceRoot}/out'],
      },
    },
  }),
};

test('Nx runs a task once, and has its outputs from gorego the next time', async () => {
  await using base = await temporary();
  const cwd = join(base.path, 'workspace');
  await mkdir(join(cwd, 'a'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
  const install = ['install', '--silent', '--no-audit', '--no-fund', '--prefer-offline', `nx@${nxVersion}`];
  const { status, output } = await run('npm', install, { cwd });
  if (status !== 0) {
    if (process.env['GOREGO_E2E'] === 'required') throw new Error(`npm could not install Nx: ${output}`);
    console.warn(`skipped: npm could not install Nx: ${output}`);
    return;
  }
  await using gorego = await startGorego([`--local_store.dir=${join(base.path, 'store')}`]);
  const env = {
    ...{ NX_SELF_HOSTED_REMOTE_CACHE_SERVER: `http://${gorego.address}`, NX_DAEMON: 'false', NX_TUI: 'false' },
    ...{ NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN: 'any', NX_NO_CLOUD: 'true', CI: 'true', HOME: base.path },
    ...{ NX_SOCKET_DIR: join(base.path, 'sockets'), NX_ISOLATE_PLUGINS: 'false' },
  };
  const build = (): Promise<string> => succeed(join(cwd, 'node_modules/.bin/nx'), ['run', 'a:build'], { cwd, env });
  const read = (): Promise<string> => readFile(join(cwd, 'out/file'), 'utf8');

  expect(await build()).not.toMatch(/remote cache/);
  const cold = await read();
  await rm(join(cwd, 'out'), { recursive: true });
  await rm(join(cwd, '.nx'), { recursive: true, maxRetries: 5 });
  expect(await build()).toMatch(/remote cache/);
  expect(await read()).toBe(cold);
  expect(gorego.messages.filter((message) => /failed|bug/.test(message))).toEqual([]);
}, 300_000);
