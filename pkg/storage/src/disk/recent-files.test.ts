import { expect, test } from '@jest/globals';
import { RecentFiles } from './recent-files.ts';

const mebibyte = 1024 * 1024;

test('files that were read last are remembered, up to so many bytes', () => {
  const recent = new RecentFiles();
  for (let identity = 1; identity <= 4; identity++) recent.touch(identity, 64 * mebibyte);
  recent.touch(1, 64 * mebibyte);
  expect([1, 2, 3, 4].filter((identity) => recent.has(identity))).toEqual([1, 2, 3, 4]);
  recent.touch(5, 64 * mebibyte);
  expect([1, 2, 3, 4, 5].filter((identity) => recent.has(identity))).toEqual([1, 3, 4, 5]);
});

test('a file larger than that is never remembered', () => {
  const recent = new RecentFiles();
  recent.touch(1, 64 * mebibyte);
  recent.touch(2, 257 * mebibyte);
  expect([recent.has(1), recent.has(2)]).toEqual([true, false]);
});
