import { expect, test } from '@jest/globals';
import { isWellFormed } from './well-formed.ts';

test.each([
  ['grpc-timeout', '1S', true],
  [':path', '/a b', true],
  ['x', '', true],
  ['x', 'a\tb\xff', true],
  ['te', 'trailers', true],
  ['te', 'gzip', false],
  ['X', 'a', false],
  ['', 'a', false],
  ['a b', 'c', false],
  ['a:', 'c', false],
  ['\xe4', 'c', false],
  ['x', ' a', false],
  ['x', 'a\t', false],
  ['x', 'a\nb', false],
  ['x', 'a\rb', false],
  ['x', 'a\0b', false],
  ['connection', 'close', false],
  ['transfer-encoding', 'chunked', false],
])('whether %j: %j is well-formed: %j', (name, value, expected) => {
  expect(isWellFormed(name, value)).toBe(expected);
});
