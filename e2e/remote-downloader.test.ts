import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect } from '@jest/globals';
import { bazelIn, bazelTimeoutMs } from './bazel.ts';
import { startGorego, temporary } from './gorego.ts';
import { succeed, testWith } from './run.ts';

/** An origin on the loopback that wants a password for one of its files, and counts what it is asked for. */
async function origin(
  files: ReadonlyMap<string, Buffer>,
): Promise<
  { readonly url: string; readonly asked: string[]; readonly agents: Set<string | undefined> } & AsyncDisposable
> {
  const asked: string[] = [];
  const agents = new Set<string | undefined>();
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    asked.push(url);
    agents.add(headers['user-agent']);
    const isAllowed = url !== '/private.txt' || headers.authorization === `Basic ${btoa('me:secret')}`;
    const file = files.get(url);
    response.writeHead(file === undefined ? 404 : isAllowed ? 200 : 401).end(isAllowed ? file : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...{ asked, agents, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('Bazel’s remote downloader', () => {
  testWith(
    'bazel',
    'fetches archives and files through gorego, again when their origin is gone',
    async (path) => {
      await using base = await temporary();
      await writeFile(join(base.path, 'BUILD'), 'exports_files(["said.txt"])\n');
      await writeFile(join(base.path, 'said.txt'), 'hello\n');
      await writeFile(join(base.path, 'WORKSPACE'), '');
      await succeed('tar', ['-cf', 'a.tar', 'BUILD', 'said.txt', 'WORKSPACE'], { cwd: base.path });
      const archive = gzipSync(await readFile(join(base.path, 'a.tar')));
      const file = Buffer.alloc(3_000_000, 'abcdefg');
      const secret = Buffer.from('secret\n');
      const files = new Map([
        ['/a.tar.gz', archive],
        ['/file.bin', file],
        ['/private.txt', secret],
      ]);

      await using bazel = await bazelIn(path, base.path);
      const workspace = join(base.path, 'workspace');
      const built = join(workspace, 'bazel-bin/fetched.txt');
      const declare = async (url: string): Promise<void> => {
        const [, host = ''] = /\/\/(.*):/.exec(url) ?? [];
        await writeFile(join(base.path, 'netrc'), `machine ${host} login me password secret\n`);
        await writeFile(
          join(workspace, 'WORKSPACE'),
          `${await readFile(join(workspace, 'WORKSPACE'), 'utf8')}
load("@bazel_tools//tools/build_defs/repo:http.bzl", "http_archive", "http_file")
http_archive(name = "archive", urls = ["${url}/absent.tar.gz", "${url}/a.tar.gz"], sha256 = "${sha256(archive)}")
http_file(name = "file", urls = ["${url}/file.bin"], sha256 = "${sha256(file)}")
http_file(name = "private", urls = ["${url}/private.txt"], sha256 = "${sha256(secret)}", netrc = "${join(base.path, 'netrc')}")
`,
        );
        await writeFile(
          join(workspace, 'BUILD'),
          `genrule(name = "fetched", srcs = ["@archive//:said.txt", "@file//file", "@private//file"], outs = ["fetched.txt"], cmd = "cat $(SRCS) | sha256sum > $@")\n`,
        );
      };
      const expected = `${sha256(Buffer.concat([Buffer.from('hello\n'), file, secret]))}  -\n`;
      const build = async (address: string): Promise<void> => {
        // What Bazel has fetched it keeps: all of that must go.
        await bazel.run('clean', '--expunge');
        await rm(built, { force: true });
        const cache = [`--remote_cache=grpc://${address}`, `--experimental_remote_downloader=grpc://${address}`];
        await bazel.run('build', ...cache, '--repository_cache=', '--noremote_accept_cached', '//:fetched');
        expect(await readFile(built, 'utf8')).toBe(expected);
      };

      const store = `--local_store.dir=${join(base.path, 'store')}`;
      {
        await using web = await origin(files);
        await declare(web.url);
        const allow = [`--remote_asset.allow=${web.url}`, '--remote_asset.allow_networks=127.0.0.1'];
        await using gorego = await startGorego([store, ...allow]);
        await build(gorego.address);
        expect(web.agents).toEqual(new Set(['goREgo'])); // Bazel itself asked for nothing.
        expect(web.asked.toSorted()).toEqual(['/a.tar.gz', '/absent.tar.gz', '/file.bin', '/private.txt']);
        await gorego.said(/^fetched http:\/\/127\.0\.0\.1:\d+\/file\.bin, 3000000 bytes in \d+ ms$/);
        expect(gorego.messages.filter((message) => /secret|bug/.test(message))).toEqual([]);
      }
      await using gorego = await startGorego([store]);
      await build(gorego.address);
    },
    bazelTimeoutMs,
  );
});
