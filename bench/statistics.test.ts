import { describe, expect, test } from '@jest/globals';
import { median, percentile, spread } from './statistics.ts';

describe('median', () => {
  test.each([
    [[3], 3],
    [[5, 1, 3], 3],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10], // By value, not by how they print.
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test('of nothing is no number', () => {
    expect(median([])).toBeNaN();
  });

  test('leaves its argument as it was', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);

  test.each([
    [hundred, 50, 50],
    [hundred, 99, 99],
    [hundred, 100, 100],
    [hundred, 0, 1],
    [[7], 99, 7],
    [[1, 2, 3, 4], 99, 4],
  ])('of %j at %d', (values, percent, expected) => {
    expect(percentile(values, percent)).toBe(expected);
  });

  test('of nothing is no number', () => {
    expect(percentile([], 99)).toBeNaN();
  });
});

test('the spread is the distance of the extremes, in medians', () => {
  expect(spread([100, 90, 110])).toBeCloseTo(0.2);
  expect(spread([5, 5, 5])).toBe(0);
});
