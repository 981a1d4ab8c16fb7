import { describe, expect, test } from '@jest/globals';
import {
  Action,
  ActionResult,
  Digest,
  DigestFunction_Value,
  ExecuteResponse,
  FindMissingBlobsRequest,
} from '../gen/build/bazel/remote/execution/v2/remote_execution.ts';
import { ReadResponse, WriteResponse } from '../gen/google/bytestream/bytestream.ts';
import { Operation } from '../gen/google/longrunning/operations.ts';
import { Timestamp } from '../gen/google/protobuf/timestamp.ts';
import { QuotaFailure_Violation } from '../gen/google/rpc/error_details.ts';

describe('generated messages', () => {
  test.each([0, 1, -1, 300, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER])(
    'carry %d as an int64',
    (committedSize) => {
      expect(WriteResponse.decode(WriteResponse.encode({ committedSize }).finish()).committedSize).toBe(committedSize);
    },
  );

  test('encode -1 in ten bytes, as others do', () => {
    expect(hex(WriteResponse.encode({ committedSize: -1 }).finish())).toBe('08ffffffffffffffffff01');
  });

  test.each(['0880808080808080 10', '08ffffffffffffffff7f', '08808080808080808080 01'])(
    'throw rather than round the int64 in %s',
    (given) => {
      expect(() => WriteResponse.decode(fromHex(given))).toThrow(/MAX_SAFE_INTEGER|MIN_SAFE_INTEGER/);
    },
  );

  test.each([
    ['a length past the end', '0a05616263'],
    ['a number without an end', '10ff'],
    ['a tag without an end', '80'],
  ])('throw at %s', (_, given) => {
    expect(() => Digest.decode(fromHex(given))).toThrow();
  });

  test('keep the nanoseconds of a timestamp', () => {
    const timestamp = Timestamp.create({ seconds: -62135596800, nanos: 999999999 });
    expect(Timestamp.decode(Timestamp.encode(timestamp).finish())).toEqual(timestamp);
  });

  test('give bytes as a view of what they decode', () => {
    const encoded = ReadResponse.encode({ data: Uint8Array.of(1, 2, 3) }).finish();
    expect(ReadResponse.decode(encoded).data.buffer).toBe(encoded.buffer);
  });

  test('pass on enum values that have no name', () => {
    const { digestFunction } = FindMissingBlobsRequest.decode(fromHex('18e707'));
    expect(digestFunction).toBe(999);
    expect(Object.values<number>(DigestFunction_Value)).not.toContain(digestFunction);
  });

  test('pass on fields that they do not know', () => {
    const encoded = fromHex('2003 c23e 03 010203 c83e 07');
    expect(hex(ActionResult.encode(ActionResult.decode(encoded)).finish())).toBe(hex(encoded));
  });

  test('set nothing at all when all is default', () => {
    expect(Action.encode(Action.create({ doNotCache: false, salt: new Uint8Array() })).finish()).toHaveLength(0);
  });

  test('have a value for every case of a oneof, and none for none', () => {
    const operation = Operation.create({ result: { $case: 'error', value: { code: 5 } } });
    expect(Operation.decode(Operation.encode(operation).finish())).toEqual(operation);
    expect(Operation.decode(new Uint8Array()).result).toBeUndefined();
  });

  test('tell an optional 0 from none', () => {
    const zero = QuotaFailure_Violation.create({ futureQuotaValue: 0 });
    expect(QuotaFailure_Violation.decode(QuotaFailure_Violation.encode(zero).finish()).futureQuotaValue).toBe(0);
    expect(QuotaFailure_Violation.decode(new Uint8Array()).futureQuotaValue).toBeUndefined();
  });

  test('take any key into a map', () => {
    const logs = new Map([['__proto__', { humanReadable: true }]]);
    const response = ExecuteResponse.create({ serverLogs: logs as never });
    expect(ExecuteResponse.decode(ExecuteResponse.encode(response).finish()).serverLogs.get('__proto__')).toMatchObject(
      {
        humanReadable: true,
      },
    );
  });

  test('end at a nesting that is too deep, with an error', () => {
    const groups = '0b'.repeat(100_000);
    expect(() => Digest.decode(fromHex(groups))).toThrow(/recursion/);
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}
