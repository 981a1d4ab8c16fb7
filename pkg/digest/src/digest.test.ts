import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Digest } from './digest.ts';
import { digestFunctions } from './digest-function.ts';

const emptyHex = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const someHex = `${'ab'.repeat(31)}cd`;

describe('Digest', () => {
  test('names bytes', () => {
    expect(Digest.ofBytes(Buffer.from('hello'))).toBe(
      'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824/5',
    );
    expect(Digest.ofBytes(new Uint8Array())).toBe(Digest.empty('sha256'));
    expect(Digest.empty('sha256')).toBe(`sha256:${emptyHex}/0`);
    expect(Digest.of('sha256', emptyHex, 0)).toBe(Digest.empty('sha256'));
  });

  test('is its own key, and gives back its parts', () => {
    const digest = Digest.of('sha256', someHex, 42);
    expect(new Set([digest]).has(Digest.parse(digest))).toBe(true);
    expect(Digest.hex(digest)).toBe(someHex);
    expect(Digest.sizeBytes(digest)).toBe(42);
    expect(Digest.function(digest)).toBe(digestFunctions.sha256);
    expect([Digest.isEmpty(digest), Digest.isEmpty(Digest.empty('sha256'))]).toEqual([false, true]);
  });

  // obligation: GEN-1, GEN-3, GEN-5
  test.each([
    ['upper case', someHex.toUpperCase(), 1],
    ['too short', someHex.slice(1), 1],
    ['too long', `${someHex}0`, 1],
    ['not hex', `g${someHex.slice(1)}`, 1],
    ['no hash', '', 1],
    ['a path', `../${someHex.slice(3)}`, 1],
    ['a negative size', someHex, -1],
    ['half a byte', someHex, 0.5],
    ['an unsafe size', someHex, 2 ** 53],
    ['no size', someHex, Number.NaN],
    ['an empty blob with another hash', someHex, 0],
  ])('refuses %s', (_, hex, size) => {
    expect(() => Digest.of('sha256', hex, size)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  test.each([
    '',
    'sha256',
    `sha256:${someHex}`,
    `constructor:${someHex}/1`,
    `sha256:${someHex}/-1`,
    `sha256:${someHex}/`,
  ])('does not parse %j', (text) => {
    expect(() => Digest.parse(text)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  test('hashes in pieces as it hashes whole', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (pieces) => {
        const whole = Buffer.concat(pieces);
        const digest = Digest.ofBytes(whole);
        const hasher = Digest.hasher(digest);
        for (const piece of pieces) hasher.update(piece);
        expect(hasher.hex()).toBe(Digest.hex(digest));
      }),
    );
  });

  test('is of its own bytes alone, in every respect', () => {
    const bytes = Buffer.from('hello');
    const digest = Digest.ofBytes(bytes);
    expect(Digest.isOf(digest, bytes)).toBe(true);
    expect(Digest.isOf(digest, Buffer.from('hellO'))).toBe(false);
    expect(Digest.isOf(digest, Buffer.from('hello!'))).toBe(false);
    expect(Digest.isOf(Digest.of('sha256', Digest.hex(digest), 6), bytes)).toBe(false);
    expect(Digest.isOf(Digest.of('sha256', 'ab'.repeat(32), 5), bytes)).toBe(false);
  });
});
