import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { bazelIn, bazelTimeoutMs, outputs } from './bazel.ts';
import { type Gorego, startGorego, temporary } from './gorego.ts';
import { moonTimeoutMs, writeMoonWorkspace } from './moon.ts';
import { findOnPath, testWith } from './run.ts';
import { upstreams } from './upstreams.ts';

/** A gorego before `address`, with its tier 1 below `base`. */
function proxyBefore(address: string, base: string): Promise<Gorego> {
  return startGorego([`--local_store.dir=${join(base, 'near')}`, `--backing_cache.target=grpc://${address}`]);
}

const troubles = (gorego: Gorego): string[] => gorego.messages.filter((message) => /failed|bug|without/.test(message));

describe.each(upstreams)('gorego before $name', ({ program, isOptional, parsesActions, start }) => {
  const needed = (name: string, body: (bazel: string) => Promise<void>, timeoutMs: number): void => {
    if (program === undefined || findOnPath(program) !== undefined) testWith('bazel', name, body, timeoutMs);
    else testWith(program, name, async () => {}, timeoutMs, { isOptional });
  };

  needed(
    'serves a real Bazel from tier 1, and from tier 2 when tier 1 has nothing',
    async (path) => {
      await using base = await temporary();
      await mkdir(join(base.path, 'far'));
      await using upstream = await start(join(base.path, 'far'));
      await using bazel = await bazelIn(path, base.path);
      const build = (gorego: Gorego): Promise<string> =>
        bazel.run('build', '--nosandbox_debug', `--remote_cache=grpc://${gorego.address}`, '//:all');
      let built = new Map<string, string>();
      {
        await using gorego = await proxyBefore(upstream.address, base.path);
        await build(gorego);
        built = await outputs(base.path);
        await bazel.run('clean');
        expect(await build(gorego)).toMatch(/processes: \d+ remote cache hit, \d+ internal\./);
        expect(await outputs(base.path)).toEqual(built);
        expect(troubles(gorego)).toEqual([]);
      }
      await rm(join(base.path, 'near'), { recursive: true });
      await bazel.run('clean');
      await using gorego = await proxyBefore(upstream.address, base.path);
      expect(await build(gorego)).toMatch(/processes: \d+ remote cache hit, \d+ internal\./);
      expect(await outputs(base.path)).toEqual(built);
      expect(troubles(gorego)).toEqual([]);
    },
    bazelTimeoutMs,
  );

  // What moon calls an action is no Action message: who parses it fails, with gorego before it or without.
  if (parsesActions === true) return;
  needed(
    'serves a real moon',
    async () => {
      await using base = await temporary();
      await mkdir(join(base.path, 'far'));
      await using upstream = await start(join(base.path, 'far'));
      await using gorego = await proxyBefore(upstream.address, base.path);
      const moon = await writeMoonWorkspace(base.path, gorego.address);
      await moon.run();
      await moon.clean();
      expect(await moon.run()).toMatch(/cached from remote/);
      await moon.check();
      expect(troubles(gorego)).toEqual([]);
    },
    moonTimeoutMs,
  );
});

/** Longer than Bazel goes on trying one call. */
const outageMs = 10_000;

describe('an upstream that is killed in the middle of a build and comes back', () => {
  testWith(
    'bazel',
    'does not fail the build',
    async (path) => {
      await using base = await temporary();
      const far = join(base.path, 'far');
      const upstream = await startGorego([`--local_store.dir=${far}`]);
      await using gorego = await proxyBefore(upstream.address, base.path);
      await using bazel = await bazelIn(path, base.path);
      const args = ['--nosandbox_debug', `--remote_cache=grpc://${gorego.address}`, '--jobs=4', '//slow:all'];
      const building = bazel.run('build', ...args);
      await new Promise((resolve) => setTimeout(resolve, 4000));
      await upstream[Symbol.asyncDispose]();
      await gorego.said(/is not asked for now/);
      await new Promise((resolve) => setTimeout(resolve, outageMs));
      await using _again = await startGorego([`--listen_addr=${upstream.address}`, `--local_store.dir=${far}`]);
      await gorego.said(/answers again/);
      expect(await building).toMatch(/Build completed successfully/);
      await bazel.run('clean');
      expect(await bazel.run('build', ...args)).toMatch(/remote cache hit/);
    },
    bazelTimeoutMs,
  );
});
