import { describe, expect, test } from '@jest/globals';
import { SpareBuffers, spareBytesMax } from './spare-buffers.ts';

describe('SpareBuffers', () => {
  test('gives out again what was given back, and nothing before', () => {
    const spares = new SpareBuffers();
    const first = spares.take(200_000);
    const second = spares.take(200_000);
    expect(second.buffer).not.toBe(first.buffer);
    spares.giveBack(first.subarray(1, 2));
    const third = spares.take(spareBytesMax);
    expect(third.buffer).toBe(first.buffer);
    expect([first.byteLength, third.byteLength]).toEqual([200_000, spareBytesMax]);
  });

  test('takes each back once', () => {
    const spares = new SpareBuffers();
    const buffer = spares.take(spareBytesMax);
    spares.giveBack(buffer);
    spares.giveBack(buffer);
    expect(spares.take(spareBytesMax).buffer).not.toBe(spares.take(spareBytesMax).buffer);
  });

  test('takes nobody else’s', () => {
    const spares = new SpareBuffers();
    const stranger = Buffer.allocUnsafeSlow(spareBytesMax);
    spares.giveBack(stranger);
    spares.giveBack(new SpareBuffers().take(spareBytesMax));
    expect(spares.take(spareBytesMax).buffer).not.toBe(stranger.buffer);
  });

  test.each([1, 16 * 1024, spareBytesMax + 1])('has none of %i bytes', (bytes) => {
    const spares = new SpareBuffers();
    const buffer = spares.take(bytes);
    expect(buffer.byteLength).toBe(bytes);
    spares.giveBack(buffer);
    expect(spares.take(bytes).buffer).not.toBe(buffer.buffer);
  });

  test('gives out no more memory than twice what is asked for', () => {
    const spares = new SpareBuffers();
    const large = spares.take(200_000);
    spares.giveBack(large);
    const small = spares.take(40_000);
    expect(small.buffer.byteLength).toBe(65_536);
    spares.giveBack(small);
    expect(spares.take(65_536).buffer).toBe(small.buffer);
    expect(spares.take(131_073).buffer).toBe(large.buffer);
  });

  test('keeps 8 MiB', () => {
    const spares = new SpareBuffers();
    const taken = Array.from({ length: 40 }, () => spares.take(spareBytesMax));
    const own = new Set(taken.map(({ buffer }) => buffer));
    for (const buffer of taken) spares.giveBack(buffer);
    const again = Array.from({ length: 40 }, () => spares.take(spareBytesMax).buffer);
    expect(again.filter((buffer) => own.has(buffer))).toHaveLength(32);
  });
});
