import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { startGorego, temporary } from './gorego.ts';
import { run, succeed, testWith } from './run.ts';

/** sccache has a server of its own, which wants a port. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('sccache through gorego', () => {
  testWith(
    'sccache',
    'compiles once, and has all from gorego by WebDAV the next time',
    async (sccache) => {
      await using base = await temporary();
      await using gorego = await startGorego([`--local_store.dir=${join(base.path, 'store')}`]);
      const env = {
        SCCACHE_WEBDAV_ENDPOINT: `http://${gorego.address}/sccache`,
        SCCACHE_SERVER_PORT: String(await freePort()),
        SCCACHE_CONF: '/dev/null',
      };
      const options = { cwd: base.path, env };
      const compile = async (): Promise<{ objects: Buffer[]; statistics: string }> => {
        await succeed(sccache, ['--start-server'], options);
        try {
          const objects: Buffer[] = [];
          for (let i = 0; i < 5; i++) {
            await writeFile(join(base.path, `f${i}.c`), `int f${i}(int x) { return x + ${i}; }\n`);
            await succeed(sccache, ['cc', '-c', `f${i}.c`, '-o', `f${i}.o`], options);
            objects.push(await readFile(join(base.path, `f${i}.o`)));
            await rm(join(base.path, `f${i}.o`));
          }
          return { objects, statistics: await succeed(sccache, ['--show-stats'], options) };
        } finally {
          await run(sccache, ['--stop-server'], options);
        }
      };
      const cold = await compile();
      expect(cold.statistics).toMatch(/^Cache misses +5$/m);
      const warm = await compile();
      expect(warm.statistics).toMatch(/^Cache hits +5$/m);
      expect(warm.statistics).toMatch(/^Cache misses +0$/m);
      expect(warm.objects).toEqual(cold.objects);
      expect(gorego.messages.filter((message) => /failed|bug/.test(message))).toEqual([]);
    },
    120_000,
  );
});
