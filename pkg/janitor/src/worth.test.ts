import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { agingOf, worthClasses, worthOf } from './worth.ts';

const mib = 2 ** 20;

describe('worthOf', () => {
  test.each([
    [1, mib, 4],
    [8, mib, 5],
    [1, 8 * mib, 3],
    [12, 8000, 7],
    [4, 60_000, 6],
    [8, 120 * mib, 3],
    [0, mib, 1],
    [-5, mib, 1],
    [1e9, 0, 7],
  ])('of %d s in %d bytes is %d', (seconds, bytes, worth) => {
    expect(worthOf(seconds, bytes)).toBe(worth);
  });

  test('is a class from 1 on, whatever a client claims, and never less for more seconds', () => {
    const seconds = fc.double({ min: -1e300, max: 1e300, noNaN: true });
    fc.assert(
      fc.property(seconds, seconds, fc.maxSafeNat(), (one, other, bytes) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)].map((each) => worthOf(each, bytes));
        expect(less).toBeGreaterThanOrEqual(1);
        expect(more).toBeLessThan(worthClasses);
        expect(less).toBeLessThanOrEqual(more as number);
      }),
    );
  });
});

describe('agingOf', () => {
  test('lru: everything is as old as it is', () => {
    expect(new Set(agingOf('lru'))).toEqual(new Set([1]));
  });

  test('value: what is worth more ages slower, and what nobody knows anything of as it does', () => {
    const aging = agingOf('value');
    expect([aging[0], aging[4]]).toEqual([1, 1]);
    expect([...aging.slice(1)]).toEqual([...aging.slice(1)].sort((a, b) => b - a));
    expect(aging[1]).toBeCloseTo(22.6, 1);
    expect(aging[7]).toBeCloseTo(1 / 22.6, 3);
  });
});
