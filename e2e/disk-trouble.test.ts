import { execFile } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as passed } from 'node:timers/promises';
import { promisify } from 'node:util';
import { SeededRandom } from '@gorego/simulation';
import { describe, expect, test } from '@jest/globals';
import { CacheClient, CallError } from './crash/cache-client.ts';
import { type MadeBlob, MadeBlobs } from './crash/made-blobs.ts';
import { command, type Gorego, startGorego, temporary } from './gorego.ts';
import { type Ran, run } from './run.ts';

const timeoutMs = 60_000;
const resourceExhausted = 8;
const mebibyte = 1024 * 1024;
const pollMs = 100;

const blobs = new MadeBlobs(new SeededRandom(1), 2 * mebibyte);

/** A small file system of its own; undefined, with the reason on the console, where it can't be had. */
async function fileSystem(options: string): Promise<({ readonly path: string } & AsyncDisposable) | undefined> {
  const base = await temporary();
  try {
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', options, 'gorego-test', base.path]);
  } catch (reason) {
    await base[Symbol.asyncDispose]();
    if (process.env['GOREGO_E2E'] === 'required' && process.getuid?.() === 0) throw reason;
    console.warn(`skipped: no tmpfs can be mounted: ${(reason as Error).message}`);
    return undefined;
  }
  const dispose = async (): Promise<void> => {
    await promisify(execFile)('umount', ['--lazy', base.path]);
    await base[Symbol.asyncDispose]();
  };
  return { path: base.path, [Symbol.asyncDispose]: dispose };
}

/** A client that takes nothing but OK and RESOURCE_EXHAUSTED for an answer to an upload. */
class Uploader implements Disposable {
  readonly client: CacheClient;
  readonly acknowledged: MadeBlob[] = [];
  refused = 0;

  constructor({ address }: Gorego) {
    this.client = new CacheClient(address);
  }

  async upload(sizeBytes: number): Promise<boolean> {
    const blob = blobs.next(sizeBytes);
    const data = blobs.dataOf(blob);
    try {
      if (sizeBytes > 100_000) await this.client.write(blob, data);
      else await this.client.upload([{ hex: blob.hex, data }]);
      this.acknowledged.push(blob);
      return true;
    } catch (reason) {
      if (!(reason instanceof CallError) || reason.status !== resourceExhausted) throw reason;
      this.refused++;
      return false;
    }
  }

  /** How many of those that were acknowledged are there; none may be anything else. */
  async stored(): Promise<number> {
    const missing = await this.client.missing(this.acknowledged);
    let count = 0;
    for (const blob of this.acknowledged) {
      const data = await this.client.read(blob);
      if (data === undefined) continue;
      expect(data.equals(blobs.dataOf(blob))).toBe(true);
      if (!missing.has(blob.hex)) count++;
    }
    return count;
  }

  /** Uploads until one is taken. */
  async healed(): Promise<void> {
    while (!(await this.upload(mebibyte))) await passed(pollMs);
  }

  [Symbol.dispose](): void {
    this.client[Symbol.dispose]();
  }
}

const troubles = ({ messages }: Gorego): string[] => messages.filter((message) => /bug|wrong bytes/.test(message));

describe('gorego on a disk that is full', () => {
  test.each([
    ['nobody keeps anything free', ['--janitor.min_free=0']],
    ['some of it is to be kept free', []],
  ])(
    'evicts or refuses, goes on reading, and heals; %s',
    async (_, flags) => {
      await using fs = await fileSystem('size=32m');
      if (fs === undefined) return;
      const filler = join(fs.path, 'filler');
      await writeFile(filler, Buffer.alloc(8 * mebibyte));
      await using server = await startGorego([
        `--local_store.dir=${fs.path}/store`,
        '--janitor.max_size=1GiB',
        ...flags,
      ]);
      using uploader = new Uploader(server);
      for (let i = 0; i < 120; i++) await uploader.upload([mebibyte, 3000, 200_000, 60_000][i % 4] as number);
      expect(await uploader.stored()).toBeGreaterThan(10);

      // Somebody else takes all there is.
      const { bavail, bsize } = await statfs(fs.path);
      await writeFile(`${filler}-2`, Buffer.alloc(bavail * bsize)).catch(() => {});
      for (let i = 0; i < 60; i++) await uploader.upload([mebibyte, 3000, 200_000, 60_000][i % 4] as number);
      await uploader.stored();

      await rm(filler);
      await rm(`${filler}-2`);
      await uploader.healed();
      for (let i = 0; i < 8; i++) expect(await uploader.upload(mebibyte)).toBe(true);
      expect(await uploader.stored()).toBeGreaterThanOrEqual(9);
      expect(troubles(server)).toEqual([]);
    },
    timeoutMs,
  );

  test(
    'or has no more names to give',
    async () => {
      await using fs = await fileSystem('size=64m,nr_inodes=250');
      if (fs === undefined) return;
      await using server = await startGorego([`--local_store.dir=${fs.path}/store`, '--janitor.max_size=1GiB']);
      using uploader = new Uploader(server);
      const upload = async (count: number): Promise<void> => {
        for (let i = 0; i < count; i++) await uploader.upload([110_000, 3000][i % 2] as number);
      };
      await upload(100);
      expect(await uploader.stored()).toBe(100);
      await upload(300);
      const stored = await uploader.stored();
      expect(stored).toBeGreaterThan(0);
      expect(stored).toBeLessThan(400);
      expect(uploader.refused).toBe(0);
      expect(troubles(server)).toEqual([]);
    },
    timeoutMs,
  );
});

describe('gorego with a directory that is not as it should be', () => {
  const start = (dir: string): Promise<Ran> => {
    const [program, ...first] = command;
    return run(program, [...first, '--listen_addr=127.0.0.1:0', `--local_store.dir=${dir}`], { cwd: '/' });
  };

  test(
    'says so in one sentence when nothing can be written',
    async () => {
      await using fs = await fileSystem('size=4m');
      if (fs === undefined) return;
      await mkdir(join(fs.path, 'store'));
      await promisify(execFile)('mount', ['-o', 'remount,ro', fs.path]);
      expect(await start(join(fs.path, 'store'))).toEqual({
        status: 1,
        output: expect.stringMatching(/^gorego: .*\/store.*: EROFS\n$/),
      });
    },
    timeoutMs,
  );

  test.each(['cas', 'tmp', 'segments', 'index', 'quarantine'])(
    'says so in one sentence when %s is a file',
    async (name) => {
      await using base = await temporary();
      await writeFile(join(base.path, name), 'what is this?');
      expect(await start(base.path)).toEqual({
        status: 1,
        output: expect.stringMatching(new RegExp(`^gorego: .*/${name}.*\n$`)),
      });
    },
    timeoutMs,
  );

  test.each([
    ['it', '.'],
    ['its blobs', 'cas'],
    ['its segments', 'segments'],
    ['its index', 'index'],
    ['its staging', 'tmp'],
  ])(
    'goes on when somebody removes %s',
    async (_, what) => {
      await using base = await temporary();
      const store = join(base.path, 'store');
      const options = [`--local_store.dir=${store}`];
      await using server = await startGorego(options);
      using uploader = new Uploader(server);
      for (let i = 0; i < 10; i++) await uploader.upload([200_000, 3000][i % 2] as number);
      // The server goes on writing there: its index may put a file into a directory that is just being removed.
      await rm(join(store, what), { recursive: true, maxRetries: 20 });
      if (what === '.' || what === 'segments') await server.said(/removed/);
      const before = await uploader.stored();
      expect(before).toBe({ '.': 0, cas: 5, segments: 5, index: 10, tmp: 10 }[what]);
      for (let i = 0; i < 10; i++) expect(await uploader.upload([200_000, 3000][i % 2] as number)).toBe(true);
      expect(await uploader.stored()).toBe(before + 10);
      expect(troubles(server)).toEqual([]);
      server.child.kill('SIGKILL');
      await server.ended;
      await using again = await startGorego(options);
      using reader = new Uploader(again);
      reader.acknowledged.push(...uploader.acknowledged);
      expect(await reader.stored()).toBe(before + 10);
    },
    timeoutMs,
  );
});
