import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { expect, test } from '@jest/globals';
import { SaturatingReader } from './saturating-reader.ts';

test.each([
  [0n, 0n],
  [-1n, -1n],
  [2n ** 53n - 1n, 2n ** 53n - 1n],
  [2n ** 53n, 2n ** 53n - 1n],
  [2n ** 63n - 1n, 2n ** 53n - 1n],
  [-(2n ** 63n), 1n - 2n ** 53n],
])('reads %d as %d', (value, expected) => {
  expect(new SaturatingReader(new BinaryWriter().int64(value.toString()).finish()).int64()).toBe(expected);
});
