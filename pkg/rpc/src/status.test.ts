import { Failure } from '@gorego/errors';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { statusOf } from './status.ts';

describe('statusOf', () => {
  test('tells a Failure as it is', () => {
    expect(statusOf(new Failure('not_found', 'ä 世 % \n'))).toEqual({ code: 5, message: 'ä 世 % \n' });
  });

  test('tells of a bug only that there was one', () => {
    expect(statusOf(new TypeError('a secret'))).toEqual({ code: 13, message: 'internal error' });
  });

  // obligation: GEN-11
  test.each([
    ['ASCII', 'x'.repeat(10_000), 2000],
    ['characters of three bytes', '世'.repeat(2000), 666],
    ['characters of four bytes', '😀'.repeat(2000), 999],
    ['control characters', '\0'.repeat(3000), 1997],
  ])('cuts a long message of %s to what trailers bear', (_, message, length) => {
    const told = statusOf(new Failure('internal', message)).message;
    expect(told.at(-1)).toBe('…');
    expect(told.length).toBeGreaterThan(length - 3);
    expect(told.length).toBeLessThanOrEqual(length + 1);
    expect(encodeURI(told).length).toBeLessThanOrEqual(6000);
  });

  // obligation: GEN-11
  test('makes of any text one that can be encoded, and is small', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000, size: 'max' }), (message) => {
        expect(encodeURI(statusOf(new Failure('internal', message)).message).length).toBeLessThanOrEqual(6000);
      }),
    );
  });

  test('replaces what is no Unicode', () => {
    expect(statusOf(new Failure('internal', 'a\ud800b')).message).toBe('a\ufffdb');
  });
});
