import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DirectoryLock } from './directory-lock.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'gorego-lock-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const answer: Parameters<typeof DirectoryLock.take>[1] = (request, response) => {
  response.end(request.url === '/pid' ? '4711' : `${request.method} ${request.url}`);
};

async function said(directory: string, path: string): Promise<string | undefined> {
  const chunks = await DirectoryLock.ask(directory, 'GET', path);
  if (chunks === undefined) return undefined;
  let text = '';
  for await (const chunk of chunks) text += chunk.toString();
  return text;
}

test.each([
  ['a short name', 'store'],
  ['a long name', 'l'.repeat(200)],
])('a directory with %s is one holder’s, who can be asked', async (_, name) => {
  const directory = join(base, name);
  {
    await using _lock = await DirectoryLock.take(directory, answer);
    await expect(DirectoryLock.take(directory, answer)).rejects.toMatchObject({
      code: 'already_exists',
      message: `${directory} is in use by another gorego: process 4711`,
    });
    expect(await said(directory, '/x')).toBe('GET /x');
  }
  expect(await said(directory, '/x')).toBeUndefined();
  await using _again = await DirectoryLock.take(directory, answer);
});

test('only one of many that start at once takes it', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => DirectoryLock.take(base, answer)));
  const locks = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  expect(locks).toHaveLength(1);
  for (const lock of locks) await lock[Symbol.asyncDispose]();
});

test('what a killed process left behind is taken over', async () => {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const source = new URL(`./directory-lock.${extension}`, import.meta.url).href;
  // Sources find each other as sources; compiled code as compiled code.
  const conditions = extension === 'ts' ? ['--conditions=gorego-source'] : [];
  const script = `const { DirectoryLock } = await import(${JSON.stringify(source)});
    globalThis.lock = await DirectoryLock.take(${JSON.stringify(base)}, (_, response) => response.end(String(process.pid)));
    setInterval(() => {}, 1000); console.log('taken');`;
  const child = spawn(process.execPath, [...conditions, '--no-warnings', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await expect(DirectoryLock.take(base, answer)).rejects.toThrow(`process ${child.pid}`);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  await using _lock = await DirectoryLock.take(base, answer);
  expect(await said(base, '/pid')).toBe('4711');
}, 30_000);

test('a file where the directory should be is an error with its name', async () => {
  await expect(DirectoryLock.take('/dev/null/store', answer)).rejects.toMatchObject({
    message: expect.stringMatching(/cannot make the directory \/dev\/null\/store: ENOTDIR/),
  });
});
