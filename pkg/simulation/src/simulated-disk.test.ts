import { describe, expect, test } from '@jest/globals';
import { SeededRandom } from './seeded-random.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { kindDisk, SimulatedDisk } from './simulated-disk.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

function aDisk(seed = 1): { disk: SimulatedDisk; clock: SimulatedClock } {
  const clock = new SimulatedClock(new SeededRandom(seed));
  return { clock, disk: new SimulatedDisk(new SeededRandom(seed), clock, { ...kindDisk, slowestMs: 0 }) };
}

async function write(disk: SimulatedDisk, path: string, text: string, { sync = false } = {}): Promise<void> {
  const file = await disk.create(path);
  try {
    await file.write([bytes(text)], 0);
    if (sync) await file.sync();
  } finally {
    await file.close();
  }
}

const textOf = (disk: SimulatedDisk, path: string): string | undefined => {
  const file = disk.files.get(path);
  return file && Buffer.from(file.bytes).toString();
};

describe('SimulatedDisk', () => {
  test('forgets nothing when a process ends', async () => {
    const { disk, clock } = aDisk();
    await clock.run(write(disk, 'a', 'hello'));
    expect(textOf(disk.afterwards('process'), 'a')).toBe('hello');
  });

  test('keeps what was synced, bytes and names, when the power goes; and any part of the rest', async () => {
    const seen = new Set<string | undefined>();
    for (let seed = 0; seed < 50; seed++) {
      const { disk, clock } = aDisk(seed);
      await clock.run(
        (async () => {
          await disk.makeDirectory('d');
          await disk.syncDirectory('');
          await write(disk, 'd/kept', 'kept', { sync: true });
          await disk.rename('d/kept', 'd/named');
          await disk.syncDirectory('d');
          await write(disk, 'd/lost', 'perhaps');
          await disk.rename('d/named', 'd/moved');
        })(),
      );
      const after = disk.afterwards('power');
      const kept = [textOf(after, 'd/named'), textOf(after, 'd/moved')].filter((text) => text !== undefined);
      expect(kept).toEqual(['kept']);
      seen.add(textOf(after, 'd/lost'));
    }
    expect(seen).toContain(undefined);
    expect(seen).toContain('perhaps');
    expect(seen.size).toBeGreaterThan(4);
  });

  test('can’t read what is spoilt, and all around it', async () => {
    const { disk, clock } = aDisk();
    await clock.run(
      (async () => {
        await write(disk, 'a', 'hello world');
        disk.spoil('a', 3, 5);
        const file = await disk.open('a');
        await expect(file?.read(Buffer.alloc(4), 0)).rejects.toMatchObject({ cause: { code: 'EIO' } });
        expect(() => file?.readNow(Buffer.alloc(9), 4)).toThrow('EIO');
        expect(await file?.read(Buffer.alloc(3), 0)).toBe(3);
        expect(await file?.read(Buffer.alloc(9), 5)).toBe(6);
        await file?.close();
      })(),
    );
  });

  test('dies in the middle of an operation, and nothing works after it', async () => {
    const texts = new Set<string | undefined>();
    for (let seed = 0; seed < 200; seed++) {
      const { disk, clock } = aDisk(seed);
      disk.dieAt(2);
      await expect(clock.run(write(disk, 'a', 'hello'))).rejects.toMatchObject({ code: 'unavailable' });
      expect(disk.isDead).toBe(true);
      await expect(clock.run(disk.stat('a'))).rejects.toMatchObject({ code: 'unavailable' });
      texts.add(textOf(disk.afterwards('process'), 'a'));
    }
    expect(texts).toContain('');
    expect(texts).toContain('he');
    expect(texts).toContain('hello');
  });

  test('is full when it is full', async () => {
    const { disk, clock } = aDisk();
    disk.trouble({ ...kindDisk, capacityBytes: 8 });
    await clock.run(write(disk, 'a', 'hello'));
    await expect(clock.run(write(disk, 'b', 'hello'))).rejects.toMatchObject({ code: 'resource_exhausted' });
    expect(await clock.run(disk.space())).toMatchObject({ totalBytes: 8, freeBytes: 3 });
    expect(disk.openFiles).toBe(0);
  });
});
