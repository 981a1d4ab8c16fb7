import { Failure } from '@gorego/errors';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { validInstanceName } from './instances.ts';

// obligation: GEN-13
describe('validInstanceName', () => {
  test.each(['', 'a', 'a/b/c', 'main', 'moon-outputs', 'ö ü', 'blobs-of-mine', 'x'.repeat(1024), 'ö'.repeat(512)])(
    'takes %j',
    (name) => {
      expect(validInstanceName(name)).toBe(name);
    },
  );

  test.each([
    'blobs',
    'uploads',
    'actions',
    'actionResults',
    'operations',
    'capabilities',
    'compressed-blobs',
    'a/blobs',
    'uploads/b',
    '/',
    '/a',
    'a/',
    'a//b',
    'a\0b',
    'a\nb',
    'a\u0085b',
    'x'.repeat(1025),
    'ö'.repeat(513),
  ])('refuses %j', (name) => {
    expect(() => validInstanceName(name)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  test('takes any string as it is, or says invalid_argument in less than a trailer', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 1100, size: 'max' })), (name) => {
        try {
          expect(validInstanceName(name)).toBe(name);
          expect(name).not.toMatch(/\p{Cc}/u);
        } catch (reason) {
          expect(reason).toBeInstanceOf(Failure);
          expect(reason).toMatchObject({ code: 'invalid_argument' });
        }
      }),
    );
  });
});
