import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { startGorego, temporary } from './gorego.ts';
import { succeed } from './run.ts';

const moon = fileURLToPath(new URL('../node_modules/.bin/moon', import.meta.url));

test('moon runs a task once, and has its outputs from gorego the next time', async () => {
  await using base = await temporary();
  await using gorego = await startGorego([`--local_store.dir=${join(base.path, 'store')}`]);
  const workspace = join(base.path, 'workspace');
  await mkdir(join(workspace, '.moon'), { recursive: true });
  await mkdir(join(workspace, 'app'));
  await writeFile(
    join(workspace, '.moon/workspace.yml'),
    `projects: {app: app}\ntelemetry: false\nremote: {api: grpc, host: 'grpc://${gorego.address}'}\n`,
  );
  await writeFile(
    join(workspace, 'app/moon.yml'),
    `tasks:
  build:
    script: 'mkdir -p out/sub && cat source.txt > out/a && echo built > out/sub/b && head -c 3000000 /dev/zero > out/zeros && echo said'
    inputs: ['source.txt']
    outputs: ['out']
    toolchains: system
`,
  );
  await writeFile(join(workspace, 'app/source.txt'), 'hello');
  const git = (...args: string[]): Promise<string> =>
    succeed('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args], { cwd: workspace });
  await git('init', '--quiet');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'first');

  const run = (): Promise<string> =>
    succeed(moon, ['run', 'app:build'], {
      cwd: workspace,
      env: { HOME: base.path, MOON_HOME: join(base.path, 'moon') },
    });
  await run();
  const built = await readFile(join(workspace, 'app/out/a'), 'utf8');
  await rm(join(workspace, 'app/out'), { recursive: true });
  await rm(join(workspace, '.moon/cache'), { recursive: true });

  expect(await run()).toMatch(/cached from remote/);
  expect(await readFile(join(workspace, 'app/out/a'), 'utf8')).toBe(built);
  expect(await readFile(join(workspace, 'app/out/sub/b'), 'utf8')).toBe('built\n');
  expect(await readFile(join(workspace, 'app/out/zeros'))).toHaveLength(3_000_000);
  await gorego.said(/^client .*: 1 hit, 0 misses, 3\.0 MB served, 0 B stored$/);
  expect(gorego.messages.filter((message) => /failed|bug/.test(message))).toEqual([]);
}, 120_000);
