import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect } from '@jest/globals';
import { startGorego, temporary } from './gorego.ts';
import { succeed, testWith } from './run.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules/.bin');

// Maven and Gradle bring downloads with them; Bazel and Nx are built with elsewhere.
describe('examples', () => {
  for (const [client, program, second] of [
    ['ccache', 'ccache', /^the second time: .*remote_storage_hit 20 remote_storage_miss 0/m],
    ['sccache', 'sccache', /^the second time: Cache hits 5 Cache misses 0$/m],
    ['turborepo', 'bash', /^the second time: Cached: 2 cached, 2 total$/m],
  ] as const) {
    testWith(
      program,
      `examples/${client}/build-twice.sh shows hits alone the second time`,
      async () => {
        await using base = await temporary();
        await using gorego = await startGorego([`--local_store.dir=${join(base.path, 'store')}`]);
        const env = {
          GOREGO: `http://${gorego.address}`,
          PATH: [bin, process.env['PATH'] ?? ''].join(delimiter),
          HOME: base.path,
        };
        const script = join(root, 'examples', client, 'build-twice.sh');
        expect(await succeed(script, [], { cwd: base.path, env })).toMatch(second);
      },
      120_000,
    );
  }
});
