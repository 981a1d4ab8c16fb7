import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { temporary } from './gorego.ts';
import { run, succeed } from './run.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What @gorego/storage needs, itself included. */
const needed = ['errors', 'platform', 'context', 'digest', 'storage'];

const program = `
import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { BlobReader, bytesOf, MemoryBlobs } from '@gorego/storage';

const ctx = background();
const blobs = new MemoryBlobs();
const digest = Digest.ofBytes(Buffer.from('hello'));
await blobs.put(ctx, digest, BlobReader.ofBytes(Buffer.from('hello')));
console.log(digest, Buffer.from(await bytesOf(await blobs.get(ctx, digest), 100)).toString());
`;

test('packages work from their tarballs in an empty project, types included', async () => {
  await using base = await temporary();
  const tarballs = join(base.path, 'tarballs');
  const project = join(base.path, 'project');
  await mkdir(tarballs);
  await mkdir(project);
  for (const name of needed) {
    await succeed('npm', ['pack', '--silent', '--pack-destination', tarballs], { cwd: join(root, 'pkg', name) });
  }
  await writeFile(join(project, 'package.json'), '{"name": "empty", "type": "module"}');
  const files = (await readdir(tarballs)).map((name) => join(tarballs, name));
  expect(files).toHaveLength(needed.length);
  await succeed('npm', ['install', '--offline', '--no-audit', '--no-fund', ...files], { cwd: project });

  await writeFile(join(project, 'program.js'), program);
  const { status, output } = await run(process.execPath, ['program.js'], { cwd: project });
  expect({ status, output }).toEqual({ status: 0, output: expect.stringMatching(/^sha256:2cf24dba.*\/5 hello\n$/) });

  const typed = program.replace(
    'get(ctx, digest), 100',
    'get(ctx, digest) ?? BlobReader.ofBytes(new Uint8Array()), 100',
  );
  await writeFile(join(project, 'program.ts'), `${typed}\nexport const wrong: number = Digest.hex(digest);\n`);
  const flags = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'esnext',
    '--types',
    'node',
    '--typeRoots',
  ];
  const types = [join(root, 'node_modules/@types'), 'program.ts'];
  const checked = await run(join(root, 'node_modules/.bin/tsc'), [...flags, ...types], { cwd: project });
  expect(checked.output.trim()).toMatch(
    /^program\.ts.*error TS2322: Type 'string' is not assignable to type 'number'\.$/,
  );
}, 180_000);
