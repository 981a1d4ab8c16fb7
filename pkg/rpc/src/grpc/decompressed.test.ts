import { deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { decompressed, isAccepted } from './decompressed.ts';

const message = Buffer.alloc(100_000, 'gorego');

test.each([
  ['gzip', gzipSync(message)],
  ['deflate', deflateSync(message)],
])('%s is understood', async (encoding, bytes) => {
  expect((await decompressed(bytes, encoding, 100_000)).equals(message)).toBe(true);
  await expect(decompressed(bytes, encoding, 99_999)).rejects.toMatchObject({ code: 'resource_exhausted' });
  await expect(decompressed(bytes.subarray(5), encoding, 100_000)).rejects.toMatchObject({ code: 'invalid_argument' });
});

test('a compressed message needs an encoding', async () => {
  await expect(decompressed(gzipSync(message), 'identity', 100_000)).rejects.toMatchObject({
    code: 'invalid_argument',
    message: 'a message is compressed, and grpc-encoding is "identity"',
  });
});

test.each([
  ['identity', true],
  ['gzip', true],
  ['deflate', true],
  ['snappy', false],
  ['constructor', false],
])('whether %s can be read: %j', (encoding, expected) => {
  expect(isAccepted(encoding)).toBe(expected);
});
