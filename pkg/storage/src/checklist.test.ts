import { Digest, digestFunctionNames, digestFunctions } from '@gorego/digest';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Checklist, Mark } from './checklist.ts';
import { Key } from './disk/index/key.ts';
import { checklistOf } from './testing/index.ts';

const hexOf = (length: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const sizeBytes = fc.oneof(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.constantFrom(1, 2 ** 31, 2 ** 32 - 1));

describe.each(digestFunctionNames)('a checklist of %s', (name) => {
  const { hexLength } = digestFunctions[name];
  const digests = fc.array(fc.tuple(hexOf(hexLength), sizeBytes).map(([hex, size]) => Digest.of(name, hex, size)));

  test('has of each blob its digest, its size and its key', () => {
    fc.assert(
      fc.property(digests, (digests) => {
        const list = checklistOf(digests);
        expect(list.count).toBe(digests.length);
        for (const [i, digest] of digests.entries()) {
          const key = { a: 0, b: 0, c: 0, d: 0 };
          list.readKey(i, key);
          expect([key, list.digest(i), list.sizeBytes(i)]).toEqual([
            Key.ofBlob(digest),
            digest,
            Digest.sizeBytes(digest),
          ]);
          expect([list.textAt(i), list.markOf(i)]).toEqual([i * hexLength, Mark.none]);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('takes any bytes for a hash exactly if Digest does, and else stays as it was', () => {
    const some = fc.tuple(hexOf(hexLength), fc.nat(hexLength - 1), fc.nat(255));
    fc.assert(
      fc.property(some, ([hex, at, byte]) => {
        const text = Buffer.from(hex);
        text[at] = byte;
        const isOne = /^[0-9a-f]*$/.test(text.toString('latin1'));
        const list = new Checklist(name, text);
        expect([list.add(0, 5), list.count]).toEqual(isOne ? [true, 1] : [false, 0]);
      }),
    );
  });
});

test('blobs are marked one by one, also in a place where there was none', () => {
  const list = new Checklist('md5', Buffer.from(`${'ab'.repeat(16)}${'AB'.repeat(16)}${'cd'.repeat(16)}`));
  expect([list.add(0, 1), list.add(32, 1), list.add(64, 1)]).toEqual([true, false, true]);
  list.mark(1, Mark.here);
  expect([list.markOf(0), list.markOf(1), list.digest(1)]).toEqual([Mark.none, Mark.here, `md5:${'cd'.repeat(16)}/1`]);
  list.mark(0, Mark.absent);
  list.mark(1, Mark.none);
  expect([list.markOf(0), list.markOf(1)]).toEqual([Mark.absent, Mark.none]);
});

test.each([
  ['past the end', 1, 1],
  ['of the empty blob', 0, 0],
  ['of more than a list is for', 0, 2 ** 32],
])('a hash %s is a bug', (_, at, size) => {
  expect(() => new Checklist('md5', Buffer.alloc(32, 'a')).add(at, size)).toThrow();
});
