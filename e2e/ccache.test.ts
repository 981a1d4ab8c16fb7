import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { startGorego, temporary } from './gorego.ts';
import { succeed, testWith } from './run.ts';

const files = 20;

describe('ccache through gorego', () => {
  for (const layout of ['subdirs', 'flat', 'bazel']) {
    testWith(
      'ccache',
      `compiles once, and has all from gorego the next time: layout ${layout}`,
      async (ccache) => {
        await using base = await temporary();
        await using gorego = await startGorego([`--local_store.dir=${join(base.path, 'store')}`]);
        const env = {
          CCACHE_DIR: join(base.path, 'ccache'),
          CCACHE_REMOTE_STORAGE: `http://${gorego.address}/|layout=${layout}`,
          CCACHE_CONFIGPATH: '/dev/null',
        };
        await mkdir(join(base.path, 'out'));
        const compile = async (): Promise<Buffer[]> => {
          const objects: Buffer[] = [];
          for (let i = 0; i < files; i++) {
            const [source, object] = [`f${i}.c`, `out/f${i}.o`];
            await writeFile(join(base.path, source), `int f${i}(int x) { return x + ${i}; }\n`);
            await succeed(ccache, ['cc', '-c', source, '-o', object], { cwd: base.path, env });
            objects.push(await readFile(join(base.path, object)));
          }
          return objects;
        };
        const clean = (): Promise<void> => rm(join(base.path, 'ccache'), { recursive: true });
        const statistics = (): Promise<string> => succeed(ccache, ['--print-stats'], { cwd: base.path, env });

        const cold = await compile();
        expect(await statistics()).toMatch(new RegExp(`^remote_storage_miss\\t${files}$`, 'm'));
        await clean();
        expect(await compile()).toEqual(cold);
        expect(await statistics()).toMatch(new RegExp(`^remote_storage_hit\\t${files}$`, 'm'));
        expect(await statistics()).toMatch(/^remote_storage_(miss|error)\t0$/m);
        expect(gorego.messages.filter((message) => /failed|bug/.test(message))).toEqual([]);
      },
      120_000,
    );
  }
});
