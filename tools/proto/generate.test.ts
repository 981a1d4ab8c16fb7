import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'gorego-proto-'));
afterAll(() => rmSync(scratch, { recursive: true }));

test('what is in use is what proto/ says', async () => {
  const out = join(scratch, 'fresh');
  await generate(out);
  expect(contents(join(root, 'pkg/proto/gen'))).toEqual(contents(out));
});

test('files that would be the same stay as they are', async () => {
  const out = join(scratch, 'again');
  await generate(out);
  const before = statSync(out).ino;
  await generate(out);
  expect(statSync(out).ino).toBe(before);
});

test('what is out of date goes, even when several take its place at once', async () => {
  const out = join(scratch, 'parallel');
  mkdirSync(out);
  writeFileSync(join(out, 'stale.ts'), '');
  await Promise.all([generate(out), generate(out), generate(out)]);
  expect(existsSync(join(out, 'stale.ts'))).toBe(false);
  expect(contents(out)).toEqual(contents(join(root, 'pkg/proto/gen')));
  expect(readdirSync(join(scratch, 'node_modules'))).toEqual([]);
});

test('a file that no descriptor set holds is an error that names it', async () => {
  const args = [join(root, 'tools/proto/protogen.mjs'), '--file', 'a/b.proto', '--out', join(scratch, 'none')];
  await expect(run(process.execPath, args)).rejects.toMatchObject({
    stderr: 'protogen: no descriptor set holds a/b.proto\n',
  });
});

const run = promisify(execFile);

/** Without a home directory. */
async function generate(out: string): Promise<void> {
  const env = { ...process.env, HOME: join(scratch, 'no-home') };
  await run(process.execPath, [join(root, 'tools/proto/generate.ts'), out], { env });
}

function contents(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    files.filter((file) => file.endsWith('.ts')).map((file) => [file, readFileSync(join(directory, file), 'utf8')]),
  );
}
