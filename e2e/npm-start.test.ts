import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { command, temporary } from './gorego.ts';
import { succeed } from './run.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test('npm start serves, with ./data where it was typed, and stops when told to', async () => {
  await using base = await temporary();
  const args = ['start', '--silent', '--', '--listen_addr=127.0.0.1:0', '--telemetry.log.format=json'];
  // As a person types it: what `npm test` puts before PATH has a `node` that passes no signals on.
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const env = { ...process.env, PATH: path.join(delimiter), INIT_CWD: base.path };
  const child = spawn('npm', ['--prefix', root, ...args], {
    cwd: base.path,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await using _ = {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (/for Bazel/.test(output)) break;
  }
  const [, address = ''] = /build --remote_cache=grpc:\/\/([\d.:]+)/.exec(output) ?? [];
  expect(output).toContain(`storing in ${base.path}/data, up to 10GiB`);
  const [program, ...first] = command;
  expect(await succeed(program, [...first, 'health', address], { cwd: base.path })).toBe('SERVING\n');
  child.kill('SIGTERM');
  await ended;
  await expect(succeed(program, [...first, 'health', address], { cwd: base.path })).rejects.toThrow('ECONNREFUSED');
}, 120_000);
