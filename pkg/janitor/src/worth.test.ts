import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { agingOf, worthClasses, worthOf } from './worth.ts';

const mib = 2 ** 20;

describe('worthOf', () => {
  test.each([
    [1, mib, 8],
    [4, mib, 9],
    [1, 4 * mib, 7],
    [12, 8000, 13],
    [8, 120 * mib, 6],
    [0, mib, 1],
    [-5, mib, 1],
    [1e9, 0, 15],
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
    expect([aging[0], aging[8], aging[9], aging[15], aging[1]]).toEqual([1, 1, 1 / 2, 1 / 128, 128]);
  });
});
