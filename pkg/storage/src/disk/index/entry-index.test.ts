import { hash } from 'node:crypto';
import { Digest } from '@gorego/digest';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EntryIndex, type NewEntry, shardCount } from './entry-index.ts';
import { EntryTable, Flag, field } from './entry-table.ts';
import { Key } from './key.ts';

const keyOf = (n: number): Key => Key.ofBlob(Digest.ofBytes(Buffer.from(String(n))));
const blob = (sizeBytes: number, more: Partial<NewEntry> = {}): NewEntry => ({
  kind: 'blob',
  sizeBytes,
  segment: 1,
  offset: 0,
  used: 0,
  ...more,
});

describe('EntryIndex', () => {
  test.each<NewEntry>([
    {
      kind: 'blob',
      sizeBytes: 5,
      segment: 7,
      offset: 4_000_000_000,
      used: 123,
      isVerified: true,
      isSuspect: false,
      identity: 0,
    },
    {
      kind: 'blob',
      sizeBytes: 5_000_000_000_000,
      segment: 0,
      offset: 0,
      used: 4_000_000_000,
      isVerified: false,
      isSuspect: true,
      identity: 0xabcdef,
    },
    {
      kind: 'action',
      sizeBytes: 0,
      segment: 4_000_000_000,
      offset: 8,
      used: 0,
      isVerified: false,
      isSuspect: false,
      identity: 0,
    },
  ])('gives back what it was given: %j', (entry) => {
    const index = new EntryIndex();
    expect(index.set(keyOf(1), entry)).toBeUndefined();
    expect(index.get(keyOf(1))).toEqual(entry);
    expect(index.delete(keyOf(1))).toEqual(entry);
    expect(index.get(keyOf(1))).toBeUndefined();
    expect(index.delete(keyOf(1))).toBeUndefined();
  });

  test('keeps what an entry is worth wherever it goes, and the most of what was said', () => {
    const index = new EntryIndex();
    index.set(keyOf(1), blob(5));
    expect(index.worth(keyOf(1))).toBe(0);
    index.appraise(keyOf(1), 3, 10);
    index.appraise(keyOf(1), 2, 20);
    index.verify(keyOf(1), 0);
    index.set(keyOf(1), blob(5, { segment: 2, used: 20 }));
    expect(index.worth(keyOf(1))).toBe(3);
    expect(index.get(keyOf(1))).toMatchObject({ segment: 2, used: 20, sizeBytes: 5, identity: 0 });
    const words = new Uint32Array(9);
    index.copyOut(keyOf(1), words, 0);
    const other = new EntryIndex();
    other.copyIn(words, 0);
    expect(other.worth(keyOf(1))).toBe(3);
    index.delete(keyOf(1));
    index.set(keyOf(1), blob(5));
    index.appraise(keyOf(2), 3, 10);
    expect([index.worth(keyOf(1)), index.worth(keyOf(2))]).toEqual([0, 0]);
  });

  test('takes a size for another, an action or a suspect for none that is here', () => {
    const index = new EntryIndex();
    index.set(keyOf(1), blob(10));
    index.set(keyOf(2), blob(10, { kind: 'action' }));
    index.set(keyOf(3), blob(10, { isSuspect: true }));
    expect([10, 9].map((size) => index.touchBlob(keyOf(1), size, 50))).toEqual([0, -1]);
    expect([2, 3, 4].map((n) => index.touchBlob(keyOf(n), 10, 50))).toEqual([-1, -1, -1]);
    expect(index.get(keyOf(1))?.used).toBe(50);
    index.verify(keyOf(3));
    expect(index.touchBlob(keyOf(3), 10, 50)).toBe(0);
  });

  test('leaves a file alone that was not used for too long', () => {
    const index = new EntryIndex();
    index.set(keyOf(1), blob(10, { segment: 0, used: 50 }));
    expect([60, 51, 50].map((since) => index.touchBlob(keyOf(1), 10, 70, since))).toEqual([50, 50, 50]);
    expect(index.touchBlob(keyOf(1), 10, 80, 75)).toBe(70); // The last one was the first to touch it.
  });

  test('agrees with a Map after any history', () => {
    const operation = fc.record({
      n: fc.nat(60),
      what: fc.constantFrom('set', 'set', 'delete', 'touch'),
      size: fc.nat(1e9),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
        const index = new EntryIndex();
        const model = new Map<number, NewEntry>();
        // All in one shard, and near one another, so that they are in each other's way.
        const near = (n: number): Key => ({ a: 0, b: (n % 5) * 1000, c: n, d: 0 });
        for (const { n, what, size } of operations) {
          if (what === 'set') {
            model.set(n, blob(size, { used: n }));
            index.set(near(n), blob(size, { used: n }));
          } else if (what === 'delete') {
            expect(index.delete(near(n)) !== undefined).toBe(model.delete(n));
          } else {
            index.touch(near(n), size);
            const known = model.get(n);
            if (known !== undefined) model.set(n, { ...known, used: size });
          }
        }
        expect(index.count).toBe(model.size);
        for (let n = 0; n <= 60; n++)
          expect(index.get(near(n))).toEqual(model.has(n) ? expect.objectContaining(model.get(n) ?? {}) : undefined);
      }),
    );
  });

  test('lists each entry once', () => {
    const index = new EntryIndex();
    for (let n = 0; n < 5000; n++) index.set(keyOf(n), blob(n));
    const sizes = Array.from({ length: shardCount }, (_, shard) =>
      [...index.entries(shard, () => true)].map(([, { sizeBytes }]) => sizeBytes),
    ).flat();
    expect(new Set(sizes).size).toBe(5000);
    expect(sizes).toHaveLength(5000);
  });

  test('takes less than 60 bytes for an entry, once there are many', () => {
    const index = new EntryIndex();
    for (let n = 0; n < 200_000; n++) {
      index.set({ a: Math.imul(n, 0x9e3779b1) >>> 0, b: Math.imul(n, 0x85ebca6b) >>> 0, c: n, d: 0 }, blob(n));
      if (n > 50_000 && n % 10_000 === 0) expect(index.memoryBytes / index.count).toBeLessThan(60);
    }
    expect(index.count).toBe(200_000);
  });
});

test('a table made of another’s words holds the same', () => {
  const table = new EntryTable();
  for (let n = 0; n < 100; n++) {
    const place = table.place(keyOf(n));
    table.words[place + field.flags] = Flag.blob;
  }
  const copy = new EntryTable(table.words.slice());
  expect(copy.count).toBe(100);
  for (let n = 0; n < 100; n++) expect(copy.find(keyOf(n))).toBe(table.find(keyOf(n)));
});

test('keys tell blobs, actions and instances apart', () => {
  const digest = Digest.of('sha256', hash('sha256', 'x', 'hex'), 1);
  const keys = [Key.ofBlob(digest), Key.ofAction('', digest), Key.ofAction('a', digest)].map((key) =>
    JSON.stringify(key),
  );
  expect(new Set(keys).size).toBe(3);
  expect(Key.ofBlob(digest).a).toBe(Number.parseInt(Digest.hex(digest).slice(0, 8), 16));
});
