import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { bazelIn, bazelTimeoutMs, outputs } from './bazel.ts';
import { startGorego, temporary } from './gorego.ts';
import { testWith } from './run.ts';

describe('Bazel through gorego', () => {
  testWith(
    'bazel',
    'builds, cleans, and builds again with remote hits alone and the same outputs',
    async (path) => {
      await using base = await temporary();
      await using gorego = await startGorego([`--local_store.dir=${join(base.path, 'store')}`]);
      await using bazel = await bazelIn(path, base.path);
      const build = (...flags: string[]): Promise<string> =>
        bazel.run('build', '--nosandbox_debug', `--remote_cache=grpc://${gorego.address}`, ...flags, '//:all');

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
    bazelTimeoutMs,
  );

  testWith(
    'bazel',
    'the same by HTTP, and shares what it did with gRPC clients',
    async (path) => {
      await using base = await temporary();
      await using gorego = await startGorego([`--local_store.dir=${join(base.path, 'store')}`]);
      await using bazel = await bazelIn(path, base.path);
      const build = (...flags: string[]): Promise<string> =>
        bazel.run('build', '--nosandbox_debug', ...flags, '//:all');
      const byHttp = `--remote_cache=http://${gorego.address}/a/b`;

      await build(byHttp);
      const built = await outputs(base.path);
      expect(built.size).toBeGreaterThan(25);
      for (const flags of [
        [byHttp],
        [byHttp, '--remote_download_toplevel'],
        [`--remote_cache=grpc://${gorego.address}`, '--remote_instance_name=a/b'],
      ]) {
        await bazel.run('clean');
        expect(await build(...flags)).toMatch(/processes: \d+ remote cache hit, \d+ internal\./);
        if (flags.length === 1) expect(await outputs(base.path)).toEqual(built);
      }
      expect(gorego.messages.filter((message) => /failed|bug/.test(message))).toEqual([]);
    },
    bazelTimeoutMs,
  );

  testWith(
    'bazel',
    'with what another wrote, where it may only read',
    async (path) => {
      await using base = await temporary();
      const store = `--local_store.dir=${join(base.path, 'store')}`;
      await using bazel = await bazelIn(path, base.path);
      const build = (cache: string, ...flags: string[]): Promise<string> =>
        bazel.run('build', '--nosandbox_debug', `--remote_cache=${cache}`, ...flags, '//:all');
      const readOnly = '--noremote_upload_local_results';
      {
        await using written = await startGorego([store]);
        await build(`grpc://${written.address}`);
      }
      await using gorego = await startGorego([store, '--writers.networks=none']);
      const [grpc, http] = [`grpc://${gorego.address}`, `http://${gorego.address}`];
      const refusal = /not authorized to write|processes: \d+ remote cache hit/; // The first is Bazel's before 6.
      await bazel.run('clean');
      expect(await build(grpc).catch(String)).toMatch(refusal);
      for (const [cache, ...flags] of [[grpc, readOnly], [http], [http, readOnly]] as const) {
        await bazel.run('clean');
        expect(await build(cache, ...flags)).toMatch(/processes: \d+ remote cache hit, \d+ internal\./);
      }
      for (const [cache, ...flags] of [[grpc, readOnly], [http]] as const) {
        await bazel.run('clean');
        const elsewhere = '--action_env=OTHER=1'; // What nobody has built.
        expect(await build(cache, ...flags, elsewhere)).toMatch(/completed successfully/);
      }
    },
    bazelTimeoutMs,
  );

  testWith(
    'bazel',
    'the same when it names everything by SHA1, and nothing by any other function',
    async (path) => {
      await using base = await temporary();
      const store = join(base.path, 'store');
      await using gorego = await startGorego([`--local_store.dir=${store}`]);
      await using bazel = await bazelIn(path, base.path, '--digest_function=sha1');
      const build = (): Promise<string> =>
        bazel.run('build', '--nosandbox_debug', `--remote_cache=grpc://${gorego.address}`, '//:all');

      await build();
      const built = await outputs(base.path);
      await bazel.run('clean');
      expect(await build()).toMatch(/processes: \d+ remote cache hit, \d+ internal\./);
      expect(await outputs(base.path)).toEqual(built);
      const files = await readdir(join(store, 'cas'), { recursive: true, withFileTypes: true });
      const names = files.filter((file) => file.isFile()).map(({ name }) => name);
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) expect(name).toMatch(/^sha1-[0-9a-f]{40}$/);
    },
    bazelTimeoutMs,
  );
});
