import { describe, expect, test } from '@jest/globals';
import { HeaderEncoder } from './header-encoder.ts';

describe('HeaderEncoder', () => {
  test('writes a header out once, then as an index that counts from the newest', () => {
    const encoder = new HeaderEncoder();
    const first = encoder.encode([
      ['te', 'trailers'],
      ['a', 'b'],
    ]);
    expect(first).toEqual(Buffer.from('\x40\x02te\x08trailers\x40\x01a\x01b', 'latin1'));
    expect(encoder.encode([['a', 'b']])).toEqual(Buffer.of(0x80 | 62));
    expect(encoder.encode([['te', 'trailers']])).toEqual(Buffer.of(0x80 | 63));
  });

  test('writes long strings with lengths of several bytes', () => {
    // 127 is the prefix, 300 - 127 = 0b1_0101101 the rest, seven bits at a time.
    const bytes = new HeaderEncoder().encode([['x', 'y'.repeat(300)]]);
    expect(bytes.subarray(0, 6)).toEqual(Buffer.from([0x40, 1, 'x'.charCodeAt(0), 127, 0x80 | 0b0101101, 1]));
    expect(bytes.length).toBe(6 + 300);
  });

  test('leaves out of the table what has no room there', () => {
    const encoder = new HeaderEncoder();
    const large = ['x', 'y'.repeat(5000)] as const;
    const once = encoder.encode([large]);
    expect(once[0]).toBe(0);
    expect(encoder.encode([large])).toEqual(once);
  });
});
