import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PageToken } from './page-token.ts';

const root = Digest.ofBytes(Buffer.from('a root'));
const hex = Digest.hex(root);

describe('PageToken', () => {
  test('is read back', () => {
    for (const sent of [1, 42, 1_000_000]) expect(PageToken.parse(PageToken.of(root, sent), root)).toBe(sent);
    expect(PageToken.parse('', root)).toBe(0);
  });

  // obligation: GTR-6
  test.each([
    '1',
    '-',
    `-1-${hex}`,
    `1.5-${hex}`,
    `1-${hex}0`,
    `1-${hex.toUpperCase()}`,
    `99999999-${hex}`,
    ` 1-${hex}`,
  ])('is not %j', (token) => {
    expect(() => PageToken.parse(token, root)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  // obligation: GTR-6
  test('of another tree is none', () => {
    const token = PageToken.of(Digest.ofBytes(Buffer.from('another')), 5);
    expect(() => PageToken.parse(token, root)).toThrow('not a page token of this tree');
  });

  // obligation: GTR-6
  test('is a number that can be skipped, whatever the client sends, or invalid_argument', () => {
    const like = fc
      .tuple(fc.nat({ max: 20_000_000 }), fc.constantFrom('-', '-', '', '--'), fc.constantFrom(hex, hex, 'abc'))
      .map((of) => of.join(''));
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), like), (token) => {
        try {
          const sent = PageToken.parse(token, root);
          taken++;
          expect(Number.isSafeInteger(sent) && sent >= 0 && sent < 10_000_000).toBe(true);
        } catch (reason) {
          expect(reason).toBeInstanceOf(Failure);
          expect(reason).toMatchObject({ code: 'invalid_argument' });
        }
      }),
      { numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(20);
  });
});
