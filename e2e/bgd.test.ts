import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { startGorego, temporary } from './gorego.ts';
import { succeed, testWith } from './run.ts';

/** More than one message of ByteStream. */
const large = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));

describe('BuildGrid’s client through gorego', () => {
  testWith(
    'bgd',
    'has a directory back as it was, from gorego started anew too',
    async (bgd) => {
      await using base = await temporary();
      const options = { cwd: base.path };
      await mkdir(join(base.path, 'in/sub'), { recursive: true });
      await writeFile(join(base.path, 'in/large'), large);
      await writeFile(join(base.path, 'in/sub/small'), 'a few bytes\n');
      const server = [`--local_store.dir=${join(base.path, 'store')}`];
      let root: string;
      {
        await using gorego = await startGorego(server);
        const remote = ['--remote', `http://${gorego.address}`];
        expect(await succeed(bgd, ['capabilities', ...remote], options)).toContain('"highApiVersion"');
        const said = await succeed(bgd, ['cas', ...remote, 'upload-dir', '--verify', 'in'], options);
        root = /path=\[in\] with digest=\[([0-9a-f]{64}\/[0-9]+)\]/.exec(said)?.[1] ?? said;
      }
      for (const out of ['first', 'second']) {
        await using gorego = await startGorego(server);
        const remote = ['--remote', `http://${gorego.address}`];
        await succeed(bgd, ['cas', ...remote, 'download-dir', '--verify', root, out], options);
        expect(Buffer.compare(await readFile(join(base.path, out, 'large')), large)).toBe(0);
        expect(await readFile(join(base.path, out, 'sub/small'), 'utf8')).toBe('a few bytes\n');
        expect(gorego.messages.filter((message) => /failed|bug/.test(message))).toEqual([]);
      }
    },
    120_000,
  );
});
