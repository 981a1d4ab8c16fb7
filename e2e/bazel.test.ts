import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { writeBazelWorkspace } from './bazel-workspace.ts';
import { startGorego, temporary } from './gorego.ts';
import { succeed, testWith } from './run.ts';

const timeoutMs = 300_000;

/** Bazel in a workspace of its own, apart from whatever the machine has configured. Disposing it stops its server. */
async function bazelIn(
  bazel: string,
  base: string,
): Promise<{ run(...args: string[]): Promise<string> } & AsyncDisposable> {
  const workspace = join(base, 'workspace');
  await mkdir(workspace);
  await writeBazelWorkspace(workspace);
  const startup = ['--nohome_rc', '--noworkspace_rc', `--output_user_root=${join(base, 'output')}`];
  const run = (command = '', ...args: string[]): Promise<string> =>
    succeed(bazel, [...startup, command, ...args], { cwd: workspace, env: { USE_BAZEL_VERSION: '' } });
  return {
    run,
    [Symbol.asyncDispose]: async () => {
      await run('shutdown');
      await succeed('chmod', ['-R', 'u+w', join(base, 'output')], { cwd: base });
    },
  };
}

/** Everything that was built, by name and content. */
async function outputs(base: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const collect = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(base, folder), { withFileTypes: true })) {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) await collect(name);
      else if (!/\.params$|\.d$|runfiles|MANIFEST/.test(name)) {
        found.set(
          name,
          createHash('sha256')
            .update(await readFile(join(base, name)))
            .digest('hex'),
        );
      }
    }
  };
  await collect('workspace/bazel-bin');
  return found;
}

describe('Bazel through gorego', () => {
  testWith(
    'bazel',
    'builds, cleans, and builds again with remote hits alone and the same outputs',
    async (path) => {
      await using base = await temporary();
      await using gorego = await startGorego([`--local_store.dir=${join(base.path, 'store')}`]);
      await using bazel = await bazelIn(path, base.path);
      const build = (...flags: string[]): Promise<string> =>
        bazel.run('build', '--nosandbox_debug', `--remote_cache=grpc://${gorego.address}`, ...flags, '//...');

      for (const instance of ['', 'a/b']) {
        const flags = [`--remote_instance_name=${instance}`];
        const cold = await build(...flags);
        expect(cold).toMatch(/\d+ linux-sandbox|\d+ processwrapper-sandbox|\d+ local/);
        const built = await outputs(base.path);
        expect(built.size).toBeGreaterThan(25);
        for (const more of [[], ['--remote_download_minimal'], ['--remote_download_toplevel']]) {
          await bazel.run('clean');
          const warm = await build(...flags, ...more);
          expect(warm).toMatch(/processes: \d+ remote cache hit, \d+ internal\./);
          if (more[0] !== '--remote_download_minimal') {
            const again = await outputs(base.path);
            for (const [name, hash] of again) expect([name, hash]).toEqual([name, built.get(name)]);
            if (more.length === 0) expect(again).toEqual(built);
          }
        }
        await bazel.run('clean');
      }
      // The terminal tells what the cache did: a line for each build.
      await gorego.said(/^build [0-9a-f]{8}…: 0 hits, \d+ misses, 0 B served, [\d.]+ MB stored$/);
      await gorego.said(/^build [0-9a-f]{8}…: \d+ hits, 0 misses, [\d.]+ MB served, 0 B stored$/);
      expect(gorego.messages.filter((message) => /failed|bug/.test(message))).toEqual([]);
    },
    timeoutMs,
  );
});
