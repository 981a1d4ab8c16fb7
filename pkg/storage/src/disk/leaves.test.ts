import { describe, expect, test } from '@jest/globals';
import { Leaves } from './leaves.ts';

const block = 4096;
const leaf = 0xabcd;
const beside = 0xabce;

describe('Leaves', () => {
  test('counts a directory for each two bytes, and one for each first byte', () => {
    const leaves = new Leaves();
    leaves.addFile(leaf);
    leaves.addFile(leaf);
    expect(leaves.diskBytes).toBe(2 * block);
    leaves.addFile(beside);
    expect(leaves.diskBytes).toBe(3 * block);
    leaves.addFile(0);
    expect(leaves.diskBytes).toBe(5 * block);
    for (let i = 0; i < 39; i++) leaves.addFile(leaf);
    expect(leaves.diskBytes).toBe(6 * block);
  });

  test('takes what has become empty to be there until it is gone', () => {
    const leaves = new Leaves();
    expect([leaves.isThere(leaf), leaves.isEmpty(leaf)]).toEqual([false, false]);
    leaves.addFile(leaf);
    expect([leaves.isThere(leaf), leaves.isEmpty(leaf)]).toEqual([true, false]);
    leaves.removeFile(leaf);
    expect([leaves.isThere(leaf), leaves.isEmpty(leaf)]).toEqual([true, true]);
    expect(leaves.diskBytes).toBe(2 * block);
    leaves.gone(leaf);
    expect([leaves.isThere(leaf), leaves.isEmpty(leaf)]).toEqual([false, false]);
    expect([leaves.isBranchThere(leaf >>> 8), leaves.diskBytes]).toEqual([false, 0]);
  });

  test.each([
    { fileBytes: 128 * block, tooMany: false },
    { fileBytes: 127 * block, tooMany: true },
    { fileBytes: 0, tooMany: true },
  ])('thinks two empty ones beside files of $fileBytes bytes too many: $tooMany', ({ fileBytes, tooMany }) => {
    const leaves = new Leaves();
    expect(leaves.areTooManyEmpty(fileBytes)).toBe(false);
    for (const each of [leaf, beside]) {
      leaves.addFile(each);
      leaves.removeFile(each);
    }
    expect(leaves.areTooManyEmpty(fileBytes)).toBe(tooMany);
    leaves.keepNone();
    expect(leaves.areTooManyEmpty(fileBytes)).toBe(true);
  });
});
