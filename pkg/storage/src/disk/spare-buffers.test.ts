import { describe, expect, test } from '@jest/globals';
import { SpareBuffers, spareBytes } from './spare-buffers.ts';

describe('SpareBuffers', () => {
  test('gives out again what was given back, and nothing before', () => {
    const spares = new SpareBuffers();
    const first = spares.take(200_000);
    const second = spares.take(200_000);
    expect(second.buffer).not.toBe(first.buffer);
    spares.giveBack(first.subarray(1, 2));
    const third = spares.take(spareBytes);
    expect(third.buffer).toBe(first.buffer);
    expect([first.byteLength, third.byteLength]).toEqual([200_000, spareBytes]);
  });

  test('takes each back once', () => {
    const spares = new SpareBuffers();
    const buffer = spares.take(spareBytes);
    spares.giveBack(buffer);
    spares.giveBack(buffer);
    expect(spares.take(spareBytes).buffer).not.toBe(spares.take(spareBytes).buffer);
  });

  test('takes nobody else’s', () => {
    const spares = new SpareBuffers();
    const stranger = Buffer.allocUnsafeSlow(spareBytes);
    spares.giveBack(stranger);
    spares.giveBack(new SpareBuffers().take(spareBytes));
    expect(spares.take(spareBytes).buffer).not.toBe(stranger.buffer);
  });

  test.each([1, 64 * 1024, spareBytes + 1])('has none of %i bytes', (bytes) => {
    const spares = new SpareBuffers();
    const buffer = spares.take(bytes);
    expect(buffer.byteLength).toBe(bytes);
    spares.giveBack(buffer);
    expect(spares.take(bytes).buffer).not.toBe(buffer.buffer);
  });

  test('keeps 32', () => {
    const spares = new SpareBuffers();
    const taken = Array.from({ length: 40 }, () => spares.take(spareBytes));
    const own = new Set(taken.map(({ buffer }) => buffer));
    for (const buffer of taken) spares.giveBack(buffer);
    const again = Array.from({ length: 40 }, () => spares.take(spareBytes).buffer);
    expect(again.filter((buffer) => own.has(buffer))).toHaveLength(32);
  });
});
