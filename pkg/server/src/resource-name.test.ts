import { Digest, digestFunctionNames } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { DigestFunction_Value } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { validInstanceName } from './instances.ts';
import { parseReadName, parseWriteName, type ResourceName } from './resource-name.ts';
import { DigestFunctions } from './wire-digest.ts';

const functions = new DigestFunctions(['sha256']);
const hash = 'ab'.repeat(31).concat('cd');
const digest = Digest.of('sha256', hash, 42);

describe('parseReadName', () => {
  test.each([
    [`blobs/${hash}/42`, ''],
    [`/blobs/${hash}/42`, ''],
    [`a/blobs/${hash}/42`, 'a'],
    [`/a/blobs/${hash}/42`, 'a'],
    [`a/b/c/blobs/${hash}/42`, 'a/b/c'],
    [`ö ü/../x/blobs/${hash}/42`, 'ö ü/../x'],
    [`blobs/sha256/${hash}/42`, ''],
    [`a/blobs/sha256/${hash}/42`, 'a'],
  ])('reads %j', (name, instance) => {
    expect(parseReadName(name, functions)).toEqual({ instance, digest, compressor: undefined });
  });

  test.each([
    [`compressed-blobs/zstd/${hash}/42`, '', 'zstd'],
    [`/compressed-blobs/deflate/${hash}/42`, '', 'deflate'],
    [`a/b/compressed-blobs/brotli/sha256/${hash}/42`, 'a/b', 'brotli'],
  ])('reads %j', (name, instance, compressor) => {
    expect(parseReadName(name, functions)).toEqual({ instance, digest, compressor });
  });

  // obligation: BSR-5
  test.each([
    [`a/blobs/blake3/${hash}/42`, Digest.of('blake3', hash, 42)],
    [`blobs/sha256tree/${hash}/42`, Digest.of('sha256tree', hash, 42)],
    [`blobs/gitsha1/${hash.slice(24)}/42`, Digest.of('gitsha1', hash.slice(24), 42)],
    [`blobs/${hash.slice(24)}/42`, Digest.of('sha1', hash.slice(24), 42)],
    [`blobs/${hash}/42`, digest],
  ])('finds the function in %j', (name, expected) => {
    expect(parseReadName(name, new DigestFunctions(digestFunctionNames)).digest).toBe(expected);
  });

  // obligation: BSR-4
  test.each([
    ['invalid_argument', `a/compressed-blobs/brotli/blake3/${hash}/42`, 'digest function blake3 is not offered here'],
    ['invalid_argument', `compressed-blobs/identity/${hash}/42`, 'no compressor "identity"'],
    ['invalid_argument', `compressed-blobs/ZSTD/${hash}/42`, 'no compressor "ZSTD"'],
    ['invalid_argument', `compressed-blobs/${hash}/42`, 'no compressor'],
    ['invalid_argument', `compressed-blobs/zstd/${hash}`, 'no hash/size'],
    ['invalid_argument', `compressed-blobs/zstd/${hash}/42/x`, '"x" follows the size'],
    ['invalid_argument', 'compressed-blobs', 'no compressor ""'],
    ['invalid_argument', `blobs/${hash}/42/x`, '"x" follows the size'],
    ['invalid_argument', `blobs/${hash}/042`, '"042" is no size'],
    ['invalid_argument', `blobs/blake3/${hash}/42`, 'digest function blake3 is not offered here'],
    ['invalid_argument', `${'x/'.repeat(2000)}blobs/${hash}/42`, 'characters'],
    ['invalid_argument', `uploads/u/blobs/${hash}/42`, 'not an instance name'],
  ])('says %s of %j, and why', (code, name, why) => {
    expect(() => parseReadName(name, functions)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(why) }),
    );
  });
});

// obligation: BSR-4
describe('a digest function of the API that is not offered', () => {
  const others = Object.keys(DigestFunction_Value)
    .filter((name) => !['UNKNOWN', 'UNRECOGNIZED', 'SHA256'].includes(name))
    .map((name) => name.toLowerCase());

  test.each(others)('%s is told from a hash', (name) => {
    expect(() => parseReadName(`blobs/${name}/${hash}/42`, functions)).toThrow(
      `digest function ${name} is not offered here`,
    );
  });
});

describe('parseWriteName', () => {
  // obligation: BSW-16, BSW-19
  test.each([
    [`uploads/u/blobs/${hash}/42`, '', 'u'],
    [`/uploads/u/blobs/${hash}/42`, '', 'u'],
    [`a/b/uploads/u/blobs/${hash}/42`, 'a/b', 'u'],
    [`uploads/u/blobs/${hash}/42/`, '', 'u'],
    [`uploads/u/blobs/${hash}/42/some/metadata`, '', 'u'],
    [`uploads/not-a-uuid/blobs/sha256/${hash}/42/../..`, '', 'not-a-uuid'],
    [`uploads/blobs/blobs/${hash}/42`, '', 'blobs'],
  ])('reads %j', (name, instance, uuid) => {
    expect(parseWriteName(name, functions)).toEqual({ instance, digest, compressor: undefined, uuid });
  });

  // obligation: BSW-19
  test('reads how the bytes are compressed', () => {
    const name = `a/uploads/u/compressed-blobs/deflate/${hash}/42/more`;
    expect(parseWriteName(name, functions)).toEqual({ instance: 'a', digest, compressor: 'deflate', uuid: 'u' });
  });

  // obligation: BSW-21
  test.each([
    ['invalid_argument', `blobs/${hash}/42`, 'no uploads/ in it'],
    ['invalid_argument', 'uploads', 'no uuid after uploads/'],
    ['invalid_argument', `uploads//blobs/${hash}/42`, 'no uuid after uploads/'],
    ['invalid_argument', `uploads/u/${hash}/42`, 'no blobs/ where it should be'],
    ['invalid_argument', `uploads/u/blobs/${hash}`, 'no hash/size after blobs/'],
    ['invalid_argument', `uploads/u/compressed-blobs/identity/${hash}/42`, 'no compressor "identity"'],
    ['invalid_argument', `uploads/u/zstd/${hash}/42`, 'no blobs/ where it should be'],
  ])('says %s of %j, and why', (code, name, why) => {
    expect(() => parseWriteName(name, functions)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(why) }),
    );
  });
});

// obligation: BSR-4, BSW-21, GEN-1, GEN-13
describe('any string', () => {
  const segment = fc.oneof(
    fc.constantFrom(
      'blobs',
      'uploads',
      'compressed-blobs',
      'zstd',
      'identity',
      'sha256',
      'blake3',
      '',
      '..',
      '.',
      hash,
    ),
    fc.constantFrom('0', '42', '-1', '042', '9007199254740993', '99999999999999999999', `${hash}0`, '\0', 'actions'),
    fc.string({ maxLength: 5 }),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  const likeNames = fc.array(segment, { maxLength: 10 }).map((segments) => segments.join('/'));
  // Each part as it should be, more often than not.
  const part = (...right: readonly string[]): fc.Arbitrary<string> =>
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...right) }, { weight: 1, arbitrary: segment });
  const nearlyNames = (before: readonly string[]): fc.Arbitrary<string> =>
    fc
      .tuple(
        part('', '/', 'a/', '/a/b/'),
        part(...before),
        part('blobs/', 'blobs/sha256/', 'compressed-blobs/zstd/'),
        part(`${hash}/`),
        part('1', '42', String(Number.MAX_SAFE_INTEGER)),
        part(''),
      )
      .map((parts) => parts.join(''));

  test.each([
    ['parseReadName', parseReadName, ['']],
    ['parseWriteName', parseWriteName, ['uploads/u/', 'uploads/blobs/']],
  ])('is a name to %s, or the client’s fault', (_, parse, before) => {
    let names = 0;
    fc.assert(
      fc.property(fc.oneof(nearlyNames(before), likeNames, fc.string({ unit: 'binary' })), (name) => {
        let parsed: ResourceName;
        try {
          parsed = parse(name, functions);
        } catch (reason) {
          expect(reason).toBeInstanceOf(Failure);
          expect(reason).toMatchObject({ code: 'invalid_argument' });
          return;
        }
        names++;
        expect(Digest.hex(parsed.digest)).toMatch(/^[0-9a-f]{64}$/);
        expect(Digest.parse(parsed.digest)).toBe(parsed.digest);
        expect(validInstanceName(parsed.instance)).toBe(parsed.instance);
      }),
      { numRuns: 500 },
    );
    expect(names).toBeGreaterThan(20);
  });
});
