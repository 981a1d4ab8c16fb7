import { execFileSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect } from '@jest/globals';
import { startGorego, temporary } from './gorego.ts';
import { succeed, testWith } from './run.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules/.bin');

/** Debian's is too old for the build cache. */
const mavenMin = [3, 9] as const;

function unfitMaven(path: string): string | undefined {
  const [, major, minor] = /Apache Maven ([0-9]+)\.([0-9]+)/.exec(execFileSync(path, ['--version']).toString()) ?? [];
  const isOld = Number(major) < mavenMin[0] || (Number(major) === mavenMin[0] && Number(minor) < mavenMin[1]);
  return isOld ? `Maven ${major}.${minor}, not ${mavenMin.join('.')}` : undefined;
}

// Nx is installed and built with elsewhere.
describe('examples', () => {
  for (const [client, program, second, unfit] of [
    ['bazel', 'bazel', /^grpc:.* 10 remote cache hit/m],
    ['ccache', 'ccache', /^the second time: .*remote_storage_hit 20 remote_storage_miss 0/m],
    ['gradle', 'gradle', /^the second time: .*:say FROM-CACHE$/m],
    ['maven', 'mvn', /^the second time: 6 steps from the cache$/m, unfitMaven],
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
          GRADLE_USER_HOME: join(base.path, 'gradle'),
        };
        const script = join(root, 'examples', client, 'build-twice.sh');
        expect(await succeed(script, [], { cwd: base.path, env })).toMatch(second);
      },
      240_000,
      { unfit },
    );
  }
});
