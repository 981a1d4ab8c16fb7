import { describe, expect, test } from '@jest/globals';
import { allowedOf, defaultMinFree, goalOf, largestBlob, limitOf, startsAt } from './plan.ts';

const gib = 2 ** 30;
const space = (totalBytes: number, freeBytes: number) => ({ totalBytes, freeBytes, freeFiles: undefined });

describe('what a store may take', () => {
  test.each([
    [
      'all it is allowed, where there is plenty',
      { usedBytes: 0, space: space(1000 * gib, 500 * gib) },
      allowedOf(10 * gib),
    ],
    ['what it has, where just enough is left', { usedBytes: 3 * gib, space: space(1000 * gib, gib) }, 3 * gib],
    ['less than it has, where too little is left', { usedBytes: 3 * gib, space: space(1000 * gib, 0) }, 2 * gib],
    ['what others leave it', { usedBytes: 3 * gib, space: space(1000 * gib, 2 * gib) }, 4 * gib],
    ['all it is allowed, where nobody knows', { usedBytes: 0, space: undefined }, allowedOf(10 * gib)],
    ['never less than nothing', { usedBytes: 0, space: space(1000 * gib, 0) }, 0],
    ['as much as leaves what was said', { usedBytes: 0, space: space(10 * gib, 5 * gib), minFreeBytes: 4 * gib }, gib],
  ])('is %s', (_, pressure, limit) => {
    expect(limitOf({ maxBytes: 10 * gib, minFreeBytes: undefined, ...pressure })).toBe(limit);
  });

  test.each([
    [1000 * gib, gib],
    [10 * gib, gib / 2],
  ])('leaves, of %d bytes, %d', (totalBytes, free) => {
    expect(defaultMinFree({ totalBytes })).toBe(free);
  });
});

test.each([
  [0, 0, 900],
  [50, 40, 900],
  [300, 500, 200],
  [900, 900, 0],
])('with %d reserved and %d wanted of 1000, room is made down to %d', (reserved, waiting, goal) => {
  expect(goalOf(1000, reserved, waiting)).toBe(goal);
  expect(startsAt(1000)).toBe(950);
});

test.each([
  [64_000, 63_000],
  [10 * gib, 10 * gib - 4 * 2 ** 20],
])('of %d bytes, %d are for reserving', (maxBytes, allowed) => {
  expect(allowedOf(maxBytes)).toBe(allowed);
});

test.each([
  [64_000, 57_600],
  [10 * gib, Math.floor(9 * gib)],
])('of %d bytes, a blob may have %d: room can be made for it', (maxBytes, largest) => {
  expect(largestBlob(maxBytes)).toBe(largest);
  expect(largest).toBeLessThanOrEqual(allowedOf(maxBytes));
});
