import { expect, test } from '@jest/globals';
import { parseCoreList, pinned } from './machine.ts';

test.each([
  ['0-1', [0, 1]],
  ['3', [3]],
  ['0,2-4,7', [0, 2, 3, 4, 7]],
  ['', []],
  [undefined, []],
])('the cores %j', (text, cores) => {
  expect(parseCoreList(text)).toEqual(cores);
});

test('a command runs on its core, or anywhere', () => {
  expect(pinned(2, ['serve', '--fast'])).toEqual(['taskset', '--cpu-list', '2', 'serve', '--fast']);
  expect(pinned(undefined, ['serve'])).toEqual(['serve']);
});
