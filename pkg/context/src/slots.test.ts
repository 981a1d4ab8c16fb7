import { Failure } from '@gorego/errors';
import { describe, expect, test } from '@jest/globals';
import { background, Scope } from './scope.ts';
import { Slots } from './slots.ts';

const ctx = background();

describe('Slots', () => {
  test('let so many in, and the next when one leaves, in order', async () => {
    const slots = new Slots('work', 2, 10);
    const first = await slots.take(ctx);
    const second = await slots.take(ctx);
    const entered: number[] = [];
    const later = [3, 4].map(async (n) => {
      const slot = await slots.take(ctx);
      entered.push(n);
      return slot;
    });
    await Promise.resolve();
    expect([slots.taken, slots.waiting, entered]).toEqual([2, 2, []]);
    first[Symbol.dispose]();
    first[Symbol.dispose](); // Once is all it counts.
    await later[0];
    expect(entered).toEqual([3]);
    second[Symbol.dispose]();
    for (const slot of await Promise.all(later)) slot[Symbol.dispose]();
    expect([slots.taken, slots.waiting, entered]).toEqual([0, 0, [3, 4]]);
  });

  test('refuse who would make the line too long', async () => {
    const slots = new Slots('work', 1, 1);
    await slots.take(ctx);
    void slots.take(ctx);
    await expect(slots.take(ctx)).rejects.toMatchObject({
      code: 'resource_exhausted',
      message: 'work: no room (1 at once and 1 waiting)',
    });
  });

  test('are not held by who has left the line', async () => {
    const slots = new Slots('work', 1, 1);
    const first = await slots.take(ctx);
    const scope = new Scope();
    const waiting = slots.take(scope);
    const why = new Failure('cancelled', 'gone');
    scope.cancel(why);
    await expect(waiting).rejects.toBe(why);
    await expect(slots.take(scope)).rejects.toBe(why);
    first[Symbol.dispose]();
    expect([slots.taken, slots.waiting]).toEqual([0, 0]);
  });
});
