import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Heap } from './heap.ts';

test('gives things back by their last priority, the least first', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.integer())), (sets) => {
      const heap = new Heap(21);
      for (const [thing, priority] of sets) heap.set(thing, priority);
      const expected = [...new Map(sets)].map(([, priority]) => priority).sort((a, b) => a - b);
      const got: number[] = [];
      for (let next = heap.pop(); next !== undefined; next = heap.pop()) {
        expect(heap.has(next.thing)).toBe(false);
        got.push(next.priority);
      }
      expect(got).toEqual(expected);
    }),
  );
});
