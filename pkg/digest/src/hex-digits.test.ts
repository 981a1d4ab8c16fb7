import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isHex } from './hex-digits.ts';

test('a text is hex if each of its characters is a digit from 0 to 9 or a letter from a to f', () => {
  const nearly = fc.string({ unit: fc.constantFrom(...'09afg/:`AF\u0130\u0161\u{1d11e}') });
  const seen = new Set<boolean>();
  fc.assert(
    fc.property(fc.oneof(nearly, fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9a-f]*$/)), (text) => {
      expect(isHex(text)).toBe(/^[0-9a-f]*$/.test(text));
      seen.add(isHex(text));
    }),
    { numRuns: 1000 },
  );
  expect(seen.size).toBe(2);
});

test('each character is a digit or none, whatever is around it', () => {
  const texts = Array.from({ length: 0x10000 }, (_, code) => `0${String.fromCharCode(code)}f`);
  expect(texts.filter(isHex)).toEqual(texts.filter((text) => /^[0-9a-f]+$/.test(text)));
  expect(texts.filter(isHex)).toHaveLength(16);
});
