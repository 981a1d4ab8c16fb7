import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  BatchReadBlobsRequest,
  Digest,
  FindMissingBlobsRequest,
} from '../gen/build/bazel/remote/execution/v2/remote_execution.ts';
import { QueryWriteStatusResponse, ReadResponse } from '../gen/google/bytestream/bytestream.ts';
import { WireError, WireReader, WireType } from './wire-reader.ts';

const int64 = fc.maxSafeInteger();
const fieldNumber = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2 ** 29 - 1 }));
const bytes = fc.uint8Array({ maxLength: 300 });
const text = fc.string({ unit: 'grapheme', maxLength: 200 });

/** Bytes that are more often nearly a message than noise would be. */
const anyBytes = fc.oneof(
  bytes,
  fc
    .array(fc.constantFrom(0, 1, 2, 8, 10, 13, 9, 11, 12, 18, 0x7f, 0x80, 0xff), { maxLength: 40 })
    .map((each) => Uint8Array.from(each)),
);

describe('a reader of well-formed messages', () => {
  test('sees what another writer wrote, field by field', () => {
    const field = fc.oneof(
      fc.record({ field: fieldNumber, kind: fc.constant('varint'), value: fc.maxSafeNat() }),
      fc.record({ field: fieldNumber, kind: fc.constant('int64'), value: int64 }),
      fc.record({ field: fieldNumber, kind: fc.constant('bytes'), value: bytes }),
      fc.record({ field: fieldNumber, kind: fc.constant('string'), value: text }),
      fc.record({ field: fieldNumber, kind: fc.constant('fixed32'), value: fc.constant(undefined) }),
      fc.record({ field: fieldNumber, kind: fc.constant('fixed64'), value: fc.constant(undefined) }),
    );
    fc.assert(
      fc.property(fc.array(field), fc.func(fc.boolean()), (fields, isRead) => {
        const writer = new BinaryWriter();
        for (const each of fields) write(writer, each);
        const reader = new WireReader(writer.finish());
        for (const [index, { field, kind, value }] of fields.entries()) {
          expect(reader.next()).toBe(true);
          expect(reader.field).toBe(field);
          if (kind === 'fixed32' || kind === 'fixed64') reader.skip();
          else if (isRead(index)) expect(read(reader, kind)).toEqual(value);
        }
        expect(reader.next()).toBe(false);
        expect(reader.next()).toBe(false);
      }),
    );
  });

  test('gives ASCII as it is, and what is none as no ASCII', () => {
    const message = new BinaryWriter().uint32(10).string('0af').uint32(10).string('0äf').finish();
    const reader = new WireReader(message);
    expect([reader.next() && reader.ascii(), reader.next() && reader.ascii()]).toEqual(['0af', '0Ã¤f']);
  });

  test('says where each field starts', () => {
    const message = new BinaryWriter().uint32(8).int32(300).uint32(18).string('four').uint32(24).int32(1).finish();
    const starts: number[] = [];
    const reader = new WireReader(message);
    for (let start = 0; reader.next(); start = reader.at) {
      starts.push(start);
      reader.skip();
    }
    expect([...starts, reader.at]).toEqual([0, 3, 9, message.length]);
  });

  test('reads digests as the generated decoder does', () => {
    const digest = fc.record({ hash: text, sizeBytes: int64 });
    const request = fc.record({ instanceName: text, blobDigests: fc.array(digest), digestFunction: fc.nat(20) });
    fc.assert(
      fc.property(request, (given) => {
        const message = FindMissingBlobsRequest.fromPartial(given as object);
        const reader = new WireReader(FindMissingBlobsRequest.encode(message).finish());
        const seen = FindMissingBlobsRequest.create();
        while (reader.next()) {
          if (reader.field === 1) seen.instanceName = reader.string();
          if (reader.field === 2) seen.blobDigests.push(readDigest(reader.message()));
          if (reader.field === 3) seen.digestFunction = reader.int64() as never;
        }
        expect(seen).toEqual(message);
      }),
    );
  });

  test.each([
    ['packed', (writer: BinaryWriter) => writer.uint32(26).fork().int32(1).int32(-1).int32(300).join()],
    ['apart', (writer: BinaryWriter) => writer.uint32(24).int32(1).uint32(24).int32(-1).uint32(24).int32(300)],
    ['both', (writer: BinaryWriter) => writer.uint32(26).fork().int32(1).int32(-1).join().uint32(24).int32(300)],
  ])('reads repeated enums that are %s', (_, write) => {
    const encoded = write(new BinaryWriter()).finish();
    const values: number[] = [];
    for (const reader = new WireReader(encoded); reader.next(); ) reader.int64s(values);
    expect(values).toEqual([1, -1, 300]);
    expect(values).toEqual(BatchReadBlobsRequest.decode(encoded).acceptableCompressors);
  });

  test('gives views, not copies', () => {
    const encoded = ReadResponse.encode({ data: Uint8Array.of(1, 2, 3) }).finish();
    const reader = new WireReader(encoded);
    reader.next();
    const data = reader.bytes();
    expect(data).toEqual(Uint8Array.of(1, 2, 3));
    expect(data.buffer).toBe(encoded.buffer);
  });

  test('keeps to its slice', () => {
    const slice = Uint8Array.of(0x52, 2, 7, 7, 0x52, 2, 8, 8).subarray(0, 4);
    const reader = new WireReader(slice);
    expect([reader.next(), [...reader.bytes()], reader.next()]).toEqual([true, [7, 7], false]);
  });

  test('keeps to the part it was given', () => {
    const reader = new WireReader(Uint8Array.of(0xff, 8, 3, 0xff), 1, 3);
    expect([reader.next(), reader.varint(), reader.next()]).toEqual([true, 3, false]);
  });

  test.each(['\ufeffa byte order mark', 'a replacement character: \ufffd', '\u{10ffff}', 'a\0b'])(
    'reads %j',
    (value) => {
      const reader = new WireReader(new BinaryWriter().uint32(10).string(value).finish());
      expect([reader.next(), reader.string()]).toEqual([true, value]);
    },
  );

  test('takes numbers that are longer than they need be', () => {
    const reader = new WireReader(
      Uint8Array.of(0x88, 0x80, 0, 0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0),
    );
    expect([reader.next(), reader.field, reader.varint(), reader.next()]).toEqual([true, 1, 5, false]);
  });
});

describe('a reader of malformed messages', () => {
  test.each([
    ['a tag without an end', [0x80], 'the message ends inside a number, at byte 0 of 1'],
    ['a number without an end', [8, 0xff], 'the message ends inside a number, at byte 1 of 2'],
    ['a field without a value', [8], 'the message ends inside a number, at byte 1 of 1'],
    ['a number of eleven bytes', [8, ...Array(10).fill(0x80), 0], 'a number has more than 64 bits, at byte 1 of 12'],
    ['a number of 65 bits', [8, ...Array(9).fill(0xff), 2], 'a number has more than 64 bits, at byte 1 of 11'],
    ['a length past the end', [10, 3, 0, 0], '3 bytes are announced and 2 are left, at byte 2 of 4'],
    [
      'a length no message has',
      [10, ...Array(9).fill(0xff), 1],
      '18446744073709552000 is beyond 2^53 - 1, at byte 1 of 11',
    ],
    ['half a fixed32', [13, 0, 0], '4 bytes are announced and 2 are left, at byte 1 of 3'],
    ['half a fixed64', [9, 0, 0, 0, 0], '8 bytes are announced and 4 are left, at byte 1 of 5'],
    ['field 0', [0, 0], 'there is no field 0, at byte 0 of 2'],
    ['field 2^29', [0x80, 0x80, 0x80, 0x80, 0x10, 0], 'there is no field 536870912, at byte 0 of 6'],
    ['a group', [11, 12], 'field 1 has wire type 3, at byte 0 of 2'],
    ['the end of a group', [12], 'field 1 has wire type 4, at byte 0 of 1'],
    ['a wire type there is not', [14], 'field 1 has wire type 6, at byte 0 of 1'],
  ])('refuses %s', (_, given, why) => {
    expect(() => walk(new WireReader(Uint8Array.from(given)))).toThrow(new WireError(why));
  });

  test.each<[string, number[], (reader: WireReader) => unknown, string]>([
    [
      'a number where bytes belong',
      [8, 1],
      (reader) => reader.bytes(),
      'field 1 has wire type 0, not 2, at byte 1 of 2',
    ],
    [
      'bytes where a number belongs',
      [10, 0],
      (reader) => reader.int64(),
      'field 1 has wire type 2, not 0, at byte 1 of 2',
    ],
    ['a string that is no UTF-8', [10, 1, 0xff], (reader) => reader.string(), 'field 1 is no UTF-8, at byte 2 of 3'],
    [
      '2^53',
      [8, ...varintOf(2n ** 53n)],
      (reader) => reader.varint(),
      '9007199254740992 is beyond 2^53 - 1, at byte 1 of 9',
    ],
    [
      '2^53, signed',
      [8, ...varintOf(2n ** 53n)],
      (reader) => reader.int64(),
      '9007199254740992 is beyond 2^53 - 1, at byte 1 of 9',
    ],
    [
      '-2^53',
      [8, ...varintOf(-(2n ** 53n))],
      (reader) => reader.int64(),
      '-9007199254740992 is beyond 2^53 - 1, at byte 1 of 11',
    ],
    [
      'a packed number past its field',
      [10, 1, 0x80, 0],
      (reader) => reader.int64s([]),
      'the message ends inside a number, at byte 2 of 3',
    ],
  ])('refuses %s', (_, given, readField, why) => {
    const reader = new WireReader(Uint8Array.from(given));
    reader.next();
    expect(() => readField(reader)).toThrow(new WireError(why));
  });

  test('a message ends where it ends, whatever comes after', () => {
    const reader = new WireReader(Uint8Array.of(10, 2, 8, 0x80, 0));
    reader.next();
    const message = reader.message();
    message.next();
    expect(() => message.varint()).toThrow(new WireError('the message ends inside a number, at byte 3 of 4'));
  });

  test('throws nothing but WireError, and ends', () => {
    fc.assert(
      fc.property(
        anyBytes,
        fc.infiniteStream(fc.constantFrom('varint', 'int64', 'bytes', 'string', 'message', 'int64s', 'skip')),
        (given, kinds) => {
          const reader = new WireReader(given);
          let fields = 0;
          unlessMalformed(() => {
            while (reader.next()) {
              expect(++fields).toBeLessThanOrEqual(given.length);
              read(reader, kinds.next().value);
            }
          });
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('reads no number otherwise than the generated decoder does', () => {
    fc.assert(
      fc.property(anyBytes, (given) => {
        const seen = unlessMalformed(() => readStatus(given));
        if (seen === undefined) return;
        const { committedSize, complete } = QueryWriteStatusResponse.decode(given);
        expect(seen).toEqual({ committedSize, complete });
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    [-1, 1],
    [2, 1],
    [0, 3],
    [Number.NaN, 1],
  ])('%d to %d of two bytes is a bug of the caller', (start, end) => {
    expect(() => new WireReader(new Uint8Array(2), start, end)).toThrow(`${start} to ${end} is not within 2 bytes`);
  });

  test('a value read twice is a bug of the caller', () => {
    const reader = new WireReader(Uint8Array.of(8, 1));
    reader.next();
    reader.varint();
    expect(() => reader.varint()).toThrow('field 1 has been read already');
  });
});

function write(writer: BinaryWriter, { field, kind, value }: { field: number; kind: string; value: unknown }): void {
  if (kind === 'varint') writer.tag(field, WireType.varint).uint64(value as number);
  else if (kind === 'int64') writer.tag(field, WireType.varint).int64(value as number);
  else if (kind === 'bytes') writer.tag(field, WireType.bytes).bytes(value as Uint8Array);
  else if (kind === 'string') writer.tag(field, WireType.bytes).string(value as string);
  else if (kind === 'fixed32') writer.tag(field, WireType.fixed32).fixed32(7);
  else writer.tag(field, WireType.fixed64).fixed64(7);
}

function read(reader: WireReader, kind: string): unknown {
  if (kind === 'varint') return reader.varint();
  if (kind === 'int64') return reader.int64();
  if (kind === 'bytes') return reader.bytes();
  if (kind === 'string') return reader.string();
  if (kind === 'int64s') return reader.int64s([]);
  if (kind === 'message') return walk(reader.message());
  return reader.skip();
}

function walk(reader: WireReader): void {
  while (reader.next());
}

function unlessMalformed<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function readDigest(reader: WireReader): Digest {
  const digest = Digest.create();
  while (reader.next()) {
    if (reader.field === 1) digest.hash = reader.string();
    if (reader.field === 2) digest.sizeBytes = reader.int64();
  }
  return digest;
}

function readStatus(given: Uint8Array): QueryWriteStatusResponse {
  const status: QueryWriteStatusResponse = { committedSize: 0, complete: false };
  for (const reader = new WireReader(given); reader.next(); ) {
    if (reader.wireType !== WireType.varint) continue;
    if (reader.field === 1) status.committedSize = reader.int64();
    if (reader.field === 2) status.complete = reader.varint() !== 0;
  }
  return status;
}

/** A 64-bit varint, of numbers that are not safe too. */
function varintOf(value: bigint): Uint8Array {
  return new BinaryWriter().int64(value).finish();
}
