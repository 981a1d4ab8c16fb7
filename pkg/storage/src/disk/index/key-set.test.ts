import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KeySet } from './key-set.ts';

const word = fc.oneof(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.constantFrom(1, 2, 2 ** 32 - 1, 2 ** 32 - 2));

test('holds what was added, once', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ a: word, b: word }), { maxLength: 200 }), (keys) => {
      const set = new KeySet();
      const expected = new Set<string>();
      for (const key of keys) {
        const text = `${key.a} ${key.b}`;
        expect(set.has(key)).toBe(expected.has(text));
        expect(set.add(key)).toBe(!expected.has(text));
        expected.add(text);
      }
      expect(set.count).toBe(expected.size);
      expect(new Set(Array.from(set, ({ a, b }) => `${a} ${b}`))).toEqual(expected);
    }),
  );
});

test('an empty place is no key', () => {
  const set = new KeySet();
  expect([set.add({ a: 0, b: 0 }), set.has({ a: 0, b: 0 }), set.count]).toEqual([false, false, 0]);
});
