import { describe, expect, test } from '@jest/globals';
import { reading } from './method.ts';
import { checkFields } from './shape.ts';

// obligation: GEN-16
describe('checkFields', () => {
  /** So many empty messages in field 2, in field 1. */
  const nested = (count: number): Buffer => {
    const inside = Buffer.alloc(2 * count, Buffer.of(0x12, 0));
    const header = Buffer.from([0x0a, 0, 0, 0, 0]);
    for (let i = 1, rest = inside.byteLength; i < 5; i++, rest >>= 7) header[i] = (rest & 0x7f) | (i < 4 ? 0x80 : 0);
    return Buffer.concat([header, inside]);
  };

  test('counts fields where it is told to look', () => {
    checkFields(nested(600_000), {});
    checkFields(nested(400_000), { 1: {} });
    expect(() => checkFields(nested(600_000), { 1: {} })).toThrow('a message of more than 500000 fields');
    expect(() => checkFields(nested(600_000).subarray(5), {})).toThrow('a message of more than 500000 fields');
  });

  test('finds what is malformed', () => {
    expect(() => reading(() => checkFields(Buffer.from('0aff', 'hex'), {}))).toThrow('not a well-formed message');
  });
});
