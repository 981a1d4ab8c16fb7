import { Failure } from '@gorego/errors';
import { GetActionResultRequest as Message } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decoded } from './method.ts';

// obligation: GEN-16
describe('decoded', () => {
  test('reads a message', () => {
    expect(decoded(Message, Message.encode(Message.fromPartial({ instanceName: 'a' })).finish()).instanceName).toBe(
      'a',
    );
  });

  test('reads any bytes, or says invalid_argument', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decoded(Message, bytes);
        } catch (reason) {
          expect(reason).toBeInstanceOf(Failure);
          expect(reason).toMatchObject({ code: 'invalid_argument' });
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('refuses a request that is larger than it can have reason to be', () => {
    expect(() => decoded(Message, Buffer.alloc(300_000))).toThrow('a request of 300000 bytes; 262144 is the most');
    expect(() => decoded(Message, Buffer.alloc(11), { bytesMax: 10, shape: {} })).toThrow('10 is the most');
  });
});
