import { describe, expect, test } from '@jest/globals';
import { codecs } from './codecs.ts';
import { ContextMemory } from './context-memory.ts';

const mebibyte = 2 ** 20;

describe('ContextMemory', () => {
  test('gives each room what there is, and takes it back', () => {
    const memory = new ContextMemory(100);
    const [a, b] = [memory.room(), memory.room()];
    a.grow(60);
    expect(b.tryGrow(41)).toBe(false);
    expect(() => b.grow(41)).toThrow(
      expect.objectContaining({ code: 'resource_exhausted', message: expect.stringContaining('60 of 100 bytes') }),
    );
    b.grow(40);
    b.grow(10); // Rooms don't shrink.
    expect(memory.takenBytes).toBe(100);
    a[Symbol.dispose]();
    a[Symbol.dispose]();
    expect(memory.takenBytes).toBe(40);
    b.grow(100);
    b[Symbol.dispose]();
    expect(memory.takenBytes).toBe(0);
  });
});

describe('codecs that are short of memory', () => {
  const { zstd, deflate, brotli } = codecs({
    compressing: new ContextMemory(mebibyte),
    decompressing: new ContextMemory(mebibyte),
  });
  const bytes = Buffer.alloc(3 * mebibyte, 'of no great interest ');

  test('compress by zstd all the same, frame by frame', async () => {
    const pieces = await Array.fromAsync(zstd.compress([bytes], bytes.byteLength));
    expect(pieces).toHaveLength(24);
    const pieceBytes = bytes.byteLength / 24;
    pieces.forEach((piece, i) => {
      const expected = bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes);
      expect(Buffer.from(zstd.decompressBytes(piece, { bytesMax: pieceBytes })).equals(expected)).toBe(true);
    });
  });

  test('refuse what needs more than there is, and still do what needs nothing', async () => {
    const exhausted = { code: 'resource_exhausted' };
    await expect(brotli.compress([bytes], bytes.byteLength).next()).rejects.toMatchObject(exhausted);
    const wide = Buffer.from('28b52ffd0058', 'hex'); // The beginning of a frame with a window of 2 MiB.
    await expect(zstd.decompress([wide], { bytesMax: 3 * mebibyte }).next()).rejects.toMatchObject(exhausted);
    const small = bytes.subarray(0, 1000);
    for (const codec of [zstd, deflate, brotli]) {
      const compressed = await Array.fromAsync(codec.compress([small], 1000));
      expect(await Array.fromAsync(codec.decompress(compressed, { bytesMax: 1000 }))).toEqual([small]);
    }
  });
});
