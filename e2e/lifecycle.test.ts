import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { command, startGorego, temporary } from './gorego.ts';
import { type Ran, run } from './run.ts';

const timeoutMs = 30_000;

async function gorego(args: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<Ran> {
  const [program, ...first] = command;
  return run(program, [...first, ...args], { cwd, env });
}

describe('gorego', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'ends with status 0 on %s',
    async (signal) => {
      await using base = await temporary();
      await using server = await startGorego([`--local_store.dir=${base.path}/store`]);
      const idle = connect(Number(server.address.split(':')[1]), '127.0.0.1'); // A client that is merely connected.
      await new Promise((resolve) => idle.on('connect', resolve));
      server.child.kill(signal);
      expect(await server.ended).toBe(0);
      expect(server.messages.at(-1)).toBe('stopped');
      idle.destroy();
    },
    timeoutMs,
  );

  test(
    'says whether it serves',
    async () => {
      await using base = await temporary();
      await using server = await startGorego([`--local_store.dir=${base.path}/store`]);
      expect(await gorego(['health', server.address], base.path)).toEqual({ status: 0, output: 'SERVING\n' });
      const nobody = await gorego(['health', '127.0.0.1:1'], base.path);
      expect(nobody).toEqual({
        status: 1,
        output: 'gorego: 127.0.0.1:1 does not answer: connect ECONNREFUSED 127.0.0.1:1\n',
      });
    },
    timeoutMs,
  );

  test.each([':PORT', '0.0.0.0:PORT', '[::]:PORT'])(
    'is asked on this machine by what it listens on, %s',
    async (everywhere) => {
      await using base = await temporary();
      await using server = await startGorego([`--local_store.dir=${base.path}/store`]);
      const address = everywhere.replace('PORT', server.address.slice(server.address.indexOf(':') + 1));
      const serving = { status: 0, output: 'SERVING\n' };
      expect(await gorego(['health', address], base.path)).toEqual(serving);
      expect(await gorego(['health', `--listen_addr=${address}`], base.path)).toEqual(serving);
    },
    timeoutMs,
  );

  test(
    'has the machine code for BLAKE3 with it: it would not start without',
    async () => {
      await using base = await temporary();
      await using server = await startGorego([`--local_store.dir=${base.path}/store`, '--digest_functions=blake3']);
      expect(server.messages[0]).toContain('serves grpc://');
    },
    timeoutMs,
  );

  test(
    'puts ./data where it was started',
    async () => {
      await using base = await temporary();
      await using server = await startGorego([], { cwd: base.path });
      expect(server.messages[0]).toContain(`storing in ${join(base.path, 'data')},`);
      expect(await server.said(/bazelrc/)).toContain(`build --remote_cache=grpc://${server.address}`);
    },
    timeoutMs,
  );

  test(
    'says in one sentence that the port is taken',
    async () => {
      await using base = await temporary();
      await using server = await startGorego([`--local_store.dir=${base.path}/a`]);
      const second = await gorego([`--listen_addr=${server.address}`, `--local_store.dir=${base.path}/b`], base.path);
      expect(second.status).toBe(1);
      expect(second.output).toBe(`gorego: cannot listen on ${server.address}: another program already does\n`);
    },
    timeoutMs,
  );

  test(
    'says in one sentence that it can’t write',
    async () => {
      await using base = await temporary();
      await writeFile(join(base.path, 'file'), '');
      await mkdir(join(base.path, 'closed'));
      await chmod(join(base.path, 'closed'), 0o500);
      const into = (dir: string): Promise<Ran> =>
        gorego(['--listen_addr=127.0.0.1:0', `--local_store.dir=${dir}`], base.path);
      const file = await into('file');
      expect(file).toEqual({
        status: 1,
        output: expect.stringMatching(/^gorego: cannot make the directory .*\/file: EEXIST\n$/),
      });
      if (process.getuid?.() === 0) {
        console.warn('skipped: root may write anywhere, into a directory that is closed too');
        return;
      }
      expect(await into('closed')).toEqual({
        status: 1,
        output: expect.stringMatching(/^gorego: .*\/closed.*: EACCES\n$/),
      });
    },
    timeoutMs,
  );

  test(
    'reports every problem of a configuration at once, with status 2',
    async () => {
      await using base = await temporary();
      await writeFile(join(base.path, 'gorego.yaml'), 'listen_adr: x\njanitor:\n  max_size: lots\n');
      const expected = [
        'gorego.yaml:1: there is no key listen_adr; did you mean listen_addr?',
        'gorego.yaml:2: janitor.max_size: "lots" is not a size such as 500MB or 10GiB',
      ];
      for (const args of [[], ['config'], ['check-config', 'gorego.yaml']]) {
        const { status, output } = await gorego(args, base.path);
        expect(status).toBe(2);
        expect(output.replaceAll(`${base.path}/`, '').trimEnd().split('\n')).toEqual(
          expected.map((line) => expect.stringContaining(line.slice(line.indexOf(': ')))),
        );
      }
    },
    timeoutMs,
  );

  test(
    'prints the effective configuration, and checks a good one',
    async () => {
      await using base = await temporary();
      await writeFile(join(base.path, 'gorego.yaml'), 'janitor:\n  max_size: 3GiB\n');
      const { status, output } = await gorego(['config', '--listen_addr=127.0.0.1:1'], base.path, {
        GOREGO_LOCAL_STORE_DIR: '/x',
      });
      expect(status).toBe(0);
      expect(output).toMatch(/^listen_addr: 127\.0\.0\.1:1 +# --listen_addr$/m);
      expect(output).toMatch(/^ {2}dir: \/x +# GOREGO_LOCAL_STORE_DIR$/m);
      expect(output).toMatch(/^ {2}max_size: 3GiB +# .*gorego\.yaml:2$/m);
      const check = await gorego(['check-config', 'gorego.yaml'], base.path);
      expect(check).toEqual({ status: 0, output: 'gorego.yaml: nothing wrong\n' });
    },
    timeoutMs,
  );

  test(
    'knows its version, its usage and what it does not know',
    async () => {
      const manifest = JSON.parse(await readFile(new URL('../cmd/gorego/package.json', import.meta.url), 'utf8')) as {
        version: string;
      };
      expect(await gorego(['--version'], '/')).toEqual({ status: 0, output: `gorego ${manifest.version}\n` });
      expect((await gorego(['--help'], '/')).output).toMatch(/^usage:$/m);
      expect(await gorego(['frobnicate'], '/')).toEqual({
        status: 2,
        output: 'gorego: there is no command "frobnicate"; see gorego --help\n',
      });
    },
    timeoutMs,
  );
});
