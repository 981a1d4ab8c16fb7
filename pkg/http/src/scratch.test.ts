import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { NodeDisk, systemRandom } from '@gorego/platform';
import { endlessRoom, type Room } from '@gorego/storage';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Scratch, Scratches } from './scratch.ts';

let directory: string;
let scratches: Scratches;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gorego-scratch-'));
  scratches = new Scratches(new NodeDisk(directory), systemRandom, '.', endlessRoom);
});
afterEach(() => rm(directory, { recursive: true }));

async function bytesIn(scratch: Scratch): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(scratch.chunks()));
}

test.each([
  [0, 1, 0],
  [1000, 1, 0],
  [1_048_576, 65_536, 0],
  [1_048_577, 65_536, 1],
  [3_000_000, 100_000, 1],
])('%d bytes in pieces of %d are given back, from %d files', async (bytes, piece, files) => {
  const whole = Buffer.from(Array.from({ length: bytes }, (_, i) => i % 251));
  {
    await using scratch = scratches.begin(background());
    for (let at = 0; at < bytes; at += piece) await scratch.append(whole.subarray(at, at + piece));
    expect((await bytesIn(scratch)).equals(whole)).toBe(true);
    expect((await bytesIn(scratch)).equals(whole)).toBe(true);
    expect(await readdir(directory)).toHaveLength(files);
    expect(scratches.heldBytes).toBeLessThanOrEqual(files > 0 ? 0 : 2 * bytes + 1);
  }
  expect([await readdir(directory), scratches.heldBytes]).toEqual([[], 0]);
});

test('all together hold 64 MiB in memory, and what is more goes to the disk', async () => {
  await using stack = new AsyncDisposableStack();
  for (let i = 0; i < 70; i++) {
    const scratch = stack.use(scratches.begin(background()));
    await scratch.append(Buffer.alloc(2 ** 20, i));
    expect((await bytesIn(scratch)).equals(Buffer.alloc(2 ** 20, i))).toBe(true);
  }
  expect(scratches.heldBytes).toBe(64 * 2 ** 20);
  expect(await readdir(directory)).toHaveLength(6);
});

test('what goes to the disk has room there, or is refused', async () => {
  let takenBytes = 0;
  const room: Room = {
    reserve: async (_ctx, bytes) => {
      if (takenBytes + bytes > 10_000_000) throw new Failure('resource_exhausted', 'full');
      takenBytes += bytes;
      return {
        [Symbol.dispose]: () => {
          takenBytes -= bytes;
        },
      };
    },
    relieve: async () => false,
  };
  const bounded = new Scratches(new NodeDisk(directory), systemRandom, '.', room);
  {
    await using scratch = bounded.begin(background());
    for (let i = 0; i < 8; i++) await scratch.append(Buffer.alloc(2 ** 20));
    expect(takenBytes).toBe(8 * 2 ** 20);
    await expect(scratch.append(Buffer.alloc(2 ** 20))).rejects.toMatchObject({ code: 'resource_exhausted' });
  }
  expect([takenBytes, await readdir(directory)]).toEqual([0, []]);
});
