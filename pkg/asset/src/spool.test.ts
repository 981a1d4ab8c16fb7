import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background, Scope } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { type Disk, type DiskFile, NodeDisk, systemRandom } from '@gorego/platform';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Spool } from './spool.ts';

const mebibyte = 2 ** 20;
const ctx = background();
const filling = {
  functionName: 'sha256',
  hashes: [],
  sizeMax: 1000 * mebibyte,
  tooMuch: () => new Failure('resource_exhausted', 'too much'),
} as const;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gorego-spool-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A disk that counts what was written to it, and fails past `limitBytes`. */
function counting(limitBytes: number): { readonly disk: Disk; readonly written: () => number } {
  const disk = new NodeDisk(folder);
  let written = 0;
  const create = async (path: string): Promise<DiskFile> => {
    const file = await NodeDisk.prototype.create.call(disk, path);
    const write = file.write.bind(file);
    file.write = async (chunks, position) => {
      if (position > limitBytes) throw new Failure('resource_exhausted', 'the disk is full');
      await write(chunks, position);
      written = position + chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
    };
    return file;
  };
  return { disk: Object.assign(disk, { create }), written: () => written };
}

async function* zeros(count: number, onNext: (given: number) => void = () => {}): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    onNext(i * 65_536);
    yield Buffer.alloc(65_536);
  }
}

describe('a spool', () => {
  test('removes what an earlier process left', async () => {
    await mkdir(join(folder, 'spool'));
    await writeFile(join(folder, 'spool', 'half'), 'of something');
    await Spool.open({ disk: new NodeDisk(folder), folder: 'spool', random: systemRandom });
    expect(await readdir(join(folder, 'spool'))).toEqual([]);
  });

  test('holds about a mebibyte, however much comes', async () => {
    const { disk, written } = counting(Number.POSITIVE_INFINITY);
    const spool = await Spool.open({ disk, folder: 'spool', random: systemRandom });
    let heldMax = 0;
    const note = (given: number): void => {
      heldMax = Math.max(heldMax, given - written());
    };
    await using content = await spool.fill(ctx, zeros(800, note), filling);
    expect(content.sizeBytes).toBe(50 * mebibyte);
    expect(heldMax).toBeLessThanOrEqual(mebibyte + 65_536);
    let bytes = 0;
    for await (const chunk of content.open()) bytes += chunk.byteLength;
    expect(bytes).toBe(50 * mebibyte);
  });

  test.each<[string, () => Promise<unknown>]>([
    [
      'the disk is full',
      async () => {
        const spool = await Spool.open({ disk: counting(10 * mebibyte).disk, folder: 'spool', random: systemRandom });
        return spool.fill(ctx, zeros(800), filling);
      },
    ],
    [
      'too much',
      async () => {
        const spool = await Spool.open({ disk: new NodeDisk(folder), folder: 'spool', random: systemRandom });
        return spool.fill(ctx, zeros(800), { ...filling, sizeMax: 30 * mebibyte });
      },
    ],
    [
      'nobody waits',
      async () => {
        const spool = await Spool.open({ disk: new NodeDisk(folder), folder: 'spool', random: systemRandom });
        const scope = new Scope();
        const leave = (given: number): void => {
          if (given > 5 * mebibyte) scope.cancel(new Failure('cancelled', 'nobody waits'));
        };
        return spool.fill(scope, zeros(800, leave), filling);
      },
    ],
  ])('leaves nothing when %s', async (message, fill) => {
    await expect(fill()).rejects.toMatchObject({ message });
    expect(await readdir(join(folder, 'spool'))).toEqual([]);
  });
});
