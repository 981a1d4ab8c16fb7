import { SeededRandom } from '@gorego/simulation';
import type { Key } from '@gorego/storage';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LeaseTable } from './lease-table.ts';

/** Few, and many that differ little. */
const word = fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), fc.nat(3));
const key: fc.Arbitrary<Key> = fc.record({ a: word, b: word, c: word, d: word });
const sizeBytes = fc.oneof(fc.nat(2), fc.constantFrom(2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER));

test('a table of leases agrees with a Map after any history', () => {
  const step = fc.record({
    ...{ key, sizeBytes, ms: fc.nat(1000) },
    what: fc.constantFrom('set', 'set', 'set', 'forget', 'look'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), fc.nat(), (steps, seed) => {
      const table = new LeaseTable(new SeededRandom(seed));
      const model = new Map<string, number>();
      for (const { key, sizeBytes, ms, what } of steps) {
        const name = JSON.stringify([key, sizeBytes]);
        if (what === 'set') {
          table.set(key, sizeBytes, ms);
          model.set(name, ms);
        } else if (what === 'forget') {
          table.forget(key, sizeBytes);
          if (model.has(name)) model.set(name, Number.NEGATIVE_INFINITY);
        }
        expect(table.get(key, sizeBytes)).toBe(model.get(name) ?? Number.NEGATIVE_INFINITY);
      }
      expect(table.count).toBe(model.size);
      for (const [name, ms] of model) expect(table.get(...(JSON.parse(name) as [Key, number]))).toBe(ms);
    }),
  );
});

test('keys that differ in one word alone are told apart, by the ten thousand', () => {
  const table = new LeaseTable(new SeededRandom(1));
  const keyOf = (n: number): Key => ({ a: 7, b: 7, c: 7, d: n });
  for (let n = 0; n < 50_000; n++) table.set(keyOf(n), 5, n);
  const wrong = Array.from({ length: 50_000 }, (_, n) => n).filter((n) => table.get(keyOf(n), 5) !== n);
  expect([wrong, table.count]).toEqual([[], 50_000]);
});
