import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ReadResponse } from '../gen/google/bytestream/bytestream.ts';
import { lengthDelimitedSize, varintSize, writeLengthDelimitedHeader, writeVarint } from './wire-writer.ts';

const fieldNumber = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2 ** 29 - 1 }));

test('a varint takes the size announced, and is what another reader reads', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const target = new Uint8Array(12);
      const end = writeVarint(target, 1, value);
      expect(end - 1).toBe(varintSize(value));
      expect([target[0], ...target.subarray(end)]).toEqual([0, ...Array(12 - end).fill(0)]);
      expect(new BinaryReader(target.subarray(1, end)).uint64().toString()).toBe(String(value));
    }),
  );
});

test.each([-1, 1.5, Number.NaN, 2 ** 53])('%d is no varint', (value) => {
  expect(() => varintSize(value)).toThrow(`${value} is no unsigned safe integer`);
});

test('there must be room for a varint', () => {
  expect(() => writeVarint(new Uint8Array(2), 1, 300)).toThrow('no room for a number at byte 1 of 2');
});

test.each([0, -1, 2 ** 29, 1.5])('there is no field %d', (field) => {
  expect(() => writeLengthDelimitedHeader(field, 1)).toThrow(`there is no field ${field}`);
});

test('a header before bytes is a field that holds them', () => {
  fc.assert(
    fc.property(fieldNumber, fc.uint8Array({ maxLength: 300 }), (field, value) => {
      const encoded = Buffer.concat([writeLengthDelimitedHeader(field, value.length), value]);
      expect(encoded.length).toBe(lengthDelimitedSize(field, value.length));
      expect(encoded.equals(new BinaryWriter().tag(field, 2).bytes(value).finish())).toBe(true);
    }),
  );
});

test('a header before a blob is a ReadResponse', () => {
  const blob = new Uint8Array(70_000).fill(7);
  const message = Buffer.concat([writeLengthDelimitedHeader(10, blob.length), blob]);
  expect(ReadResponse.decode(message).data).toEqual(Buffer.from(blob));
});
