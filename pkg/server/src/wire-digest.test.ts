import { Digest, digestFunctionNames } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { WireError } from '@gorego/proto';
import { Digest as Message } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DigestFunctions, type DigestMessage, digestMessage, echoed } from './wire-digest.ts';

const functions = new DigestFunctions(['sha256']);
const hash = 'ab'.repeat(32);

describe('DigestFunctions', () => {
  // obligation: GEN-6
  test('knows a function by its number, its length and its segment', () => {
    expect(functions.numbers).toEqual([1]);
    expect([functions.named(0), functions.named(1)]).toEqual([undefined, 'sha256']);
    expect(functions.ofLength(64)).toBe('sha256');
    expect([functions.segment('sha256'), functions.segment('blake3'), functions.segment('constructor')]).toEqual([
      'sha256',
      undefined,
      undefined,
    ]);
  });

  // obligation: GEN-6
  test('takes a length for the function that has always had it, and the others by name alone', () => {
    const all = new DigestFunctions(digestFunctionNames);
    expect([64, 40, 32, 66, 96, 128].map((length) => all.ofLength(length))).toEqual([
      'sha256',
      'sha1',
      'md5',
      'vso',
      'sha384',
      'sha512',
    ]);
    expect([8, 9, 10].map((number) => all.named(number))).toEqual(['sha256tree', 'blake3', 'gitsha1']);
    expect(() => all.named(7)).toThrow('digest function 7 is not offered here');
    expect(() => new DigestFunctions(['blake3', 'gitsha1']).ofLength(64)).toThrow('is meant by 64 hex digits alone');
  });

  // obligation: GEN-7
  test.each([2, 9, 77, -1, 2 ** 31, Number.NaN])('refuses the function %d', (number) => {
    expect(() => functions.named(number)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringContaining('not offered here') }),
    );
  });

  // obligation: GEN-7
  test.each([0, 1, 32, 40, 63, 65, 96, 128])('knows no function with hashes of %d digits', (length) => {
    expect(() => functions.ofLength(length)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  // obligation: GEN-3
  test('refuses a digest that is missing', () => {
    expect(() => functions.digest(undefined, 'sha256')).toThrow('a digest is missing');
    expect(() => functions.encodedDigest(new Uint8Array(), undefined)).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });

  test('reads back what it writes', () => {
    const digest = Digest.of('sha256', hash, 5);
    expect(functions.digest(digestMessage(digest), undefined)).toBe(digest);
    expect(functions.encodedDigest(Message.encode(digestMessage(digest)).finish(), 'sha256')).toBe(digest);
  });

  test('repeats of a message what it names, and nothing else', () => {
    const message = { hash, sizeBytes: 5, _unknownFields: { 77: [Buffer.alloc(1_000_000)] } };
    expect(echoed(message)).toEqual({ hash, sizeBytes: 5 });
    expect(echoed(undefined)).toBeUndefined();
  });
});

/** What a function gives or throws, as a value. */
function outcomeOf(run: () => Digest): string {
  try {
    return run();
  } catch (reason) {
    if (!(reason instanceof Failure) && !(reason instanceof WireError)) throw reason;
    return reason instanceof Failure ? reason.code : 'invalid_argument';
  }
}

const sizes = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, 1, -1), fc.nat());
const hashes = fc.oneof(
  fc.constantFrom(hash, hash.toUpperCase(), hash.slice(1), '', `../${hash.slice(3)}`),
  fc.string(),
  fc.string({ unit: 'binary', minLength: 64, maxLength: 64 }),
  fc.stringMatching(/^[0-9a-f]{64}$/),
);
const messages: fc.Arbitrary<DigestMessage> = fc.record({ hash: hashes, sizeBytes: sizes });
const named = fc.constantFrom(undefined, 'sha256' as const);

// obligation: GEN-1, GEN-3, GEN-5
describe('any digest message', () => {
  test('is a well-formed digest, or invalid_argument', () => {
    fc.assert(
      fc.property(messages, named, (message, functionName) => {
        const outcome = outcomeOf(() => functions.digest(message, functionName));
        if (outcome !== 'invalid_argument') expect(Digest.parse(outcome)).toBe(outcome);
      }),
      { numRuns: 400 },
    );
  });

  test('means the same, decoded or not', () => {
    fc.assert(
      fc.property(messages, named, (message, functionName) => {
        const encoded = Message.encode(message).finish();
        const decoded = outcomeOf(() => functions.digest(Message.decode(encoded), functionName));
        expect(outcomeOf(() => functions.encodedDigest(encoded, functionName))).toBe(decoded);
      }),
      { numRuns: 400 },
    );
  });

  test('may be any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), named, (bytes, functionName) => {
        const outcome = outcomeOf(() => functions.encodedDigest(bytes, functionName));
        if (outcome !== 'invalid_argument') expect(Digest.parse(outcome)).toBe(outcome);
      }),
      { numRuns: 400 },
    );
  });
});
