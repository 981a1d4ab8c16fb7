import { type Detail, Failure } from '@gorego/errors';
import { describe, expect, test } from '@jest/globals';
import { statusDetails } from './status-details.ts';

const detail = (...bytes: number[]): Detail => ({ typeUrl: 'a/b', value: Buffer.from(bytes) });
const many = (length: number): Detail => ({ typeUrl: 'a/b', value: Buffer.alloc(length, 7) });

// obligation: GEN-11
describe('statusDetails', () => {
  test('are an encoded google.rpc.Status', () => {
    const failure = new Failure('invalid_argument', 'wrong', { details: [detail(1, 2), detail()] });
    const any = (hex: string): string => `0a03${Buffer.from('a/b').toString('hex')}12${hex}`;
    expect(Buffer.from(statusDetails(failure) ?? []).toString('hex')).toBe(
      `08031205${Buffer.from('wrong').toString('hex')}1a09${any('020102')}1a07${any('00')}`,
    );
  });

  test('have lengths of two bytes where those are needed', () => {
    const encoded = Buffer.from(statusDetails(new Failure('internal', '', { details: [many(200)] })) ?? []);
    expect(encoded.subarray(0, 15).toString('hex')).toBe('080d12001ad0010a03612f6212c801');
    expect(encoded.byteLength).toBe(215);
  });

  test.each([
    ['a bug', new TypeError('a secret')],
    ['a Failure without details', new Failure('internal', 'x')],
    ['details that trailers have no room for', new Failure('internal', 'x', { details: [many(1000)] })],
    ['a message that leaves them no room', new Failure('internal', 'x'.repeat(2000), { details: [detail(1)] })],
  ])('are nothing for %s', (_, reason) => {
    expect(statusDetails(reason)).toBeUndefined();
  });
});
