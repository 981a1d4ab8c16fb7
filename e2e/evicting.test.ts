import { SeededRandom } from '@gorego/simulation';
import { expect, test } from '@jest/globals';
import { CacheClient } from './crash/cache-client.ts';
import { diskUse } from './crash/disk-use.ts';
import { MadeBlobs } from './crash/made-blobs.ts';
import { startGorego, temporary } from './gorego.ts';

const mebibyte = 1024 * 1024;
const timeoutMs = 120_000;
const maxBytes = 32 * mebibyte;
const writtenBytes = 256 * mebibyte;
const sizes = [mebibyte, 200_000, 64 * 1024, 4096];
const clients = 4;

test(
  'gorego takes no more than janitor.max_size and a blob, whatever is written into it',
  async () => {
    await using base = await temporary();
    const directory = `${base.path}/store`;
    await using server = await startGorego([`--local_store.dir=${directory}`, `--janitor.max_size=${maxBytes}`]);
    const blobs = new MadeBlobs(new SeededRandom(1), mebibyte);
    let written = 0;
    const write = async (_: unknown, first: number): Promise<void> => {
      using client = new CacheClient(server.address);
      for (let i = first; written < writtenBytes; i++) {
        const blob = blobs.next(sizes[i % sizes.length] as number);
        written += blob.sizeBytes;
        await client.write(blob, blobs.dataOf(blob));
      }
    };
    const samples: number[] = [];
    /** It stands still meanwhile: what moves while it is counted may be counted twice. */
    const sample = async (): Promise<void> => {
      while (written < writtenBytes) {
        server.child.kill('SIGSTOP');
        samples.push(await diskUse(directory));
        server.child.kill('SIGCONT');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await Promise.all([...Array.from({ length: clients }, write), sample()]);
    expect(samples.length).toBeGreaterThan(3);
    expect(Math.max(...samples)).toBeLessThanOrEqual(maxBytes + mebibyte);
    expect(await diskUse(directory)).toBeGreaterThan(maxBytes / 2);
  },
  timeoutMs,
);
