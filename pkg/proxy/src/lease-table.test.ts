import { SeededRandom } from '@gorego/simulation';
import type { Key } from '@gorego/storage';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LeaseTable } from './lease-table.ts';

/** Few, and many that differ little. */
const word = fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), fc.nat(3));
const key: fc.Arbitrary<Key> = fc.record({ a: word, b: word, c: word, d: word });
const sizeBytes = fc.oneof(fc.nat(2), fc.constantFrom(2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER));

/** When it was confirmed, and whether it was used since. */
function known(table: LeaseTable, key: Key, sizeBytes: number): [confirmedMs: number, isUsed: boolean] | undefined {
  const at = table.find(key, sizeBytes);
  return at < 0 ? undefined : [table.confirmedMs(at), table.isUsed(at)];
}

test('a table of leases agrees with a Map after any history', () => {
  const step = fc.record({
    ...{ key, sizeBytes, ms: fc.nat(1000) },
    what: fc.constantFrom('set', 'set', 'set', 'use', 'forget', 'look'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), fc.nat(), (steps, seed) => {
      const table = new LeaseTable(new SeededRandom(seed));
      const model = new Map<string, [number, boolean]>();
      for (const { key, sizeBytes, ms, what } of steps) {
        const name = JSON.stringify([key, sizeBytes]);
        if (what === 'set') {
          table.set(key, sizeBytes, ms);
          model.set(name, [ms, false]);
        } else if (what === 'forget') {
          table.forget(key, sizeBytes);
          const before = model.get(name);
          if (before !== undefined) model.set(name, [Number.NEGATIVE_INFINITY, before[1]]);
        } else if (what === 'use' && model.has(name)) {
          table.use(table.find(key, sizeBytes));
          model.set(name, [model.get(name)?.[0] as number, true]);
        }
        expect(known(table, key, sizeBytes)).toEqual(model.get(name));
      }
      expect(table.count).toBe(model.size);
      for (const [name, one] of model) expect(known(table, ...(JSON.parse(name) as [Key, number]))).toEqual(one);
    }),
  );
});

test('keys that differ in one word alone are told apart, by the ten thousand', () => {
  const table = new LeaseTable(new SeededRandom(1));
  const keyOf = (n: number): Key => ({ a: 7, b: 7, c: 7, d: n });
  for (let n = 0; n < 50_000; n++) table.set(keyOf(n), 5, n);
  const wrong = Array.from({ length: 50_000 }, (_, n) => n).filter((n) => known(table, keyOf(n), 5)?.[0] !== n);
  expect([wrong, table.count]).toEqual([[], 50_000]);
});
