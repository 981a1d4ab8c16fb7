import { Digest } from '@gorego/digest';
import { expect, test } from '@jest/globals';
import { KnownSizes } from './known-sizes.ts';

const digest = (i: number): Digest => Digest.ofBytes(Buffer.from(String(i)));
const sizeOf = (sizes: KnownSizes, i: number): number | undefined => sizes.of('sha256', Digest.hex(digest(i)));

test('remembers 50,000 sizes, and forgets those named longest ago', () => {
  const sizes = new KnownSizes();
  for (let i = 0; i < 50_000; i++) sizes.note(digest(i));
  expect([sizeOf(sizes, 0), sizeOf(sizes, 49_999)]).toEqual([1, 5]);
  sizes.note(digest(0));
  sizes.note(digest(50_000));
  expect([sizeOf(sizes, 0), sizeOf(sizes, 1), sizeOf(sizes, 2)]).toEqual([1, undefined, 1]);
});
