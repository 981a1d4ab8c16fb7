import { Failure } from '@gorego/errors';
import { ActionResult, type DeepPartial } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { malformedResults } from '../testing/conformance/malformed-results.ts';
import { DigestFunctions } from '../wire-digest.ts';
import { validated } from './validated.ts';

const functions = new DigestFunctions(['sha256']);
const digest = { hash: 'ab'.repeat(32), sizeBytes: 5 };

function check(result: DeepPartial<ActionResult>): ActionResult {
  return validated(ActionResult.fromPartial(result), functions, 'sha256');
}

// obligation: AC-10
describe('validated', () => {
  test.each<[string, DeepPartial<ActionResult>]>([
    ['nothing', {}],
    [
      'paths of all kinds',
      { outputFiles: ['a', 'a/b', '.a', '..a', 'a..', 'a/./b', 'ö'].map((path) => ({ path, digest })) },
    ],
    ['a file that is its own contents', { outputFiles: [{ path: 'a', contents: Buffer.from('x') }] }],
    ['the working directory itself', { outputDirectories: [{ path: '', treeDigest: digest }] }],
    ['a directory without a tree', { outputDirectories: [{ path: 'a', rootDirectoryDigest: digest }] }],
    ['links that climb', { outputSymlinks: [{ path: 'a', target: '../../b' }] }],
    ['links to the root', { outputFileSymlinks: [{ path: 'a', target: '/b' }] }],
    ['stdout and stderr', { stdoutDigest: digest, stderrDigest: digest }],
  ])('takes %s', (_, result) => {
    expect(check(result)).toEqual(ActionResult.fromPartial(result));
  });

  // What the bytes are is not its concern: `deInlined` reads them.
  test.each(malformedResults.filter(([what]) => !what.includes('not what')))(
    'refuses %s, and says where',
    (_, result) => {
      expect(() => check(result)).toThrow(
        expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(/^action_result\./) }),
      );
    },
  );

  test.each(['tree_digest', 'root_directory_digest'])('says that it is the %s that is wrong', (field) => {
    const wrong = { hash: 'abc', sizeBytes: 1 };
    const directory =
      field === 'tree_digest' ? { treeDigest: wrong } : { treeDigest: digest, rootDirectoryDigest: wrong };
    expect(() => check({ outputDirectories: [{ path: 'a', ...directory }] })).toThrow(
      `action_result.output_directories[0].${field}: `,
    );
  });

  test('takes any result, or says invalid_argument', () => {
    // As it should be, more often than not: else no result of several outputs would be taken.
    const mostly = <T>(right: T, others: fc.Arbitrary<T>): fc.Arbitrary<T> =>
      fc.oneof({ weight: 9, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: others });
    const digests = mostly(
      digest,
      fc.option(fc.record({ hash: fc.string(), sizeBytes: fc.integer() }), { nil: undefined as never }),
    );
    const path = mostly(
      'a/b',
      fc.oneof(
        fc.string(),
        fc.array(fc.constantFrom('..', '.', '', 'a', '\0'), { maxLength: 4 }).map((names) => names.join('/')),
      ),
    );
    const some = { maxLength: 3 };
    const results = fc.record({
      outputFiles: fc.array(fc.record({ path, digest: digests }), some),
      outputDirectories: fc.array(fc.record({ path, treeDigest: digests, rootDirectoryDigest: digests }), some),
      outputSymlinks: fc.array(fc.record({ path, target: fc.string() }), some),
      stdoutDigest: digests,
    });
    let taken = 0;
    fc.assert(
      fc.property(results, (result) => {
        try {
          const { outputFiles, outputSymlinks } = check(result as DeepPartial<ActionResult>);
          for (const { path } of [...outputFiles, ...outputSymlinks]) {
            if (path !== 'a/b') taken++;
            expect(path.startsWith('/') || path.split('/').includes('..') || path.includes('\0')).toBe(false);
          }
        } catch (reason) {
          expect(reason).toBeInstanceOf(Failure);
          expect(reason).toMatchObject({ code: 'invalid_argument' });
        }
      }),
      { numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(10);
  });
});
