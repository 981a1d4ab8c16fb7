import { Failure } from '@gorego/errors';
import { describe, expect, test } from '@jest/globals';
import { inParallel } from './in-parallel.ts';

describe('inParallel', () => {
  test('does everything, in order, and never too much at once', async () => {
    let now = 0;
    let most = 0;
    const items = Array.from({ length: 100 }, (_, i) => i);
    const results = await inParallel(items, 7, async (i) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
      return i * 2;
    });
    expect(results).toEqual(items.map((i) => i * 2));
    expect(most).toBe(7);
    expect(await inParallel([], 7, async () => 1)).toEqual([]);
  });

  test('begins no more after a failure', async () => {
    let begun = 0;
    const work = inParallel(Array.from({ length: 100 }), 3, async () => {
      begun++;
      await new Promise((resolve) => setImmediate(resolve));
      throw new Failure('unavailable', 'x');
    });
    await expect(work).rejects.toMatchObject({ code: 'unavailable' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toBe(3);
  });
});
