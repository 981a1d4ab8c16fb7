import assert from 'node:assert/strict';
import { digestFunctions } from '@gorego/digest';
import { ContentAddressableStorageDefinition as cas } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { DigestMessage } from '../../wire-digest.ts';
import { readOne, updateOne } from './batches.ts';
import {
  absentDigest,
  assertReadable,
  assertSame,
  emptyBlob,
  freshBlob,
  piecesOf,
  readName,
  upload,
  writeName,
} from './blobs.ts';
import { messageMethods, streamMethods } from './digest-methods.ts';
import { asking, type ConformanceCase, functionsOf } from './suite.ts';

const hash = 'ab'.repeat(31).concat('cd');

/** Digests that are none. */
const malformed: readonly (readonly [string, DigestMessage])[] = [
  ['upper-case', { hash: hash.toUpperCase(), sizeBytes: 5 }],
  ['not hex', { hash: `g${hash.slice(1)}`, sizeBytes: 5 }],
  ['too short', { hash: hash.slice(1), sizeBytes: 5 }],
  ['too long', { hash: `${hash}0`, sizeBytes: 5 }],
  ['a path', { hash: `../../../${hash.slice(9)}`, sizeBytes: 5 }],
  ['not ASCII', { hash: `ä${hash.slice(1)}`, sizeBytes: 5 }],
];

/** What every method owes, whatever it does: how it reads digests, and that the empty blob is there. */
export const general: readonly ConformanceCase[] = [
  ...malformed.map(([what, digest]) => ({
    name: `refuses, in every method, a hash that is ${what}`,
    obligations: ['GEN-1'], // obligation: GEN-1
    run: asking(async (api) => {
      for (const { name, ask } of [...messageMethods, ...streamMethods]) {
        await api.ends(ask(api, digest), 'invalid_argument').catch(prefixed(name));
      }
    }),
  })),
  {
    name: 'never takes a blob for one of another size',
    obligations: ['GEN-2'], // obligation: GEN-2
    run: asking(async (api) => {
      const blob = freshBlob(100);
      await upload(api, blob);
      for (const sizeBytes of [99, 101, 2 ** 40]) {
        const other = { ...blob.digest, sizeBytes };
        assert.deepEqual(await api.findMissing([blob.digest, other]), [other]);
        await api.ends(api.read(readName(other)), 'not_found', 'invalid_argument');
        await api.ends(api.getActionResult(other), 'not_found', 'invalid_argument');
        await api.ends(api.write(piecesOf(blob, writeName(other))), 'invalid_argument', 'out_of_range');
        await api.ends(
          readOne(api, other),
          sizeBytes === 2 ** 40 ? 'invalid_argument' : 'not_found',
          'invalid_argument',
        );
        await api.ends(updateOne(api, other, blob.bytes), 'invalid_argument');
      }
    }),
  },
  {
    name: 'refuses, in every method, a negative size',
    obligations: ['GEN-3'], // obligation: GEN-3
    run: asking(async (api) => {
      for (const { name, ask } of [...messageMethods, ...streamMethods]) {
        for (const sizeBytes of [-1, Number.MIN_SAFE_INTEGER]) {
          await api.ends(ask(api, { hash, sizeBytes }), 'invalid_argument').catch(prefixed(name));
        }
      }
    }),
  },
  {
    name: 'refuses, in every method, a request without its digest',
    obligations: ['GEN-3'], // obligation: GEN-3
    run: asking(async (api) => {
      for (const { name, ask } of messageMethods.filter(({ name }) => name.includes('Tree') || name.includes('Action')))
        await api.ends(ask(api, undefined as never), 'invalid_argument').catch(prefixed(name));
      await api.ends(updateOne(api, undefined, Buffer.from('x')), 'invalid_argument');
    }),
  },
  {
    name: 'has the empty blob without ever being given it',
    obligations: ['GEN-4', 'FMB-4', 'BRB-4', 'GTR-8', 'AC-5'], // obligation: GEN-4, FMB-4, BRB-4, GTR-8, AC-5
    run: asking(async (api) => {
      const { digest } = emptyBlob;
      assert.deepEqual(await api.findMissing([digest]), []);
      assert.equal((await api.read(readName(digest))).byteLength, 0);
      assert.equal((await readOne(api, digest)).byteLength, 0);
      const pages = await api.serverStream(cas, 'getTree', { rootDigest: digest });
      const directories = pages.flatMap((page) => page.directories);
      assert(directories.length === 1 || (!api.isStrict && directories.length === 0));
      const action = absentDigest();
      const outputFiles = [{ path: 'empty', digest }];
      await api.updateActionResult(action, { outputFiles, stdoutDigest: digest, stderrDigest: digest });
      assert.equal((await api.getActionResult(action)).outputFiles.length, 1);
    }),
  },
  {
    name: 'knows only one empty blob',
    obligations: ['GEN-5'], // obligation: GEN-5
    run: asking(async (api) => {
      const digest = { hash, sizeBytes: 0 };
      await api.ends(api.write([{ resourceName: writeName(digest), finishWrite: true }]), 'invalid_argument');
      const code = await api.ends(api.findMissing([digest]), 'invalid_argument', 'ok');
      if (code === 'ok') assert.deepEqual(await api.findMissing([digest]), [digest]);
      await api.ends(api.read(readName(digest)), 'invalid_argument', 'not_found');
    }),
  },
  {
    name: 'takes SHA-256 to be meant, said or not',
    obligations: ['GEN-6'], // obligation: GEN-6
    run: asking(async (api) => {
      const blobs = [freshBlob(200), freshBlob(300)];
      for (const [i, blob] of blobs.entries()) {
        await updateOne(api, blob.digest, blob.bytes, { digestFunction: i });
        for (const digestFunction of [0, 1] as const) {
          assert.deepEqual(await api.findMissing([blob.digest], { digestFunction }), []);
          assertSame(await readOne(api, blob.digest, { digestFunction }), blob.bytes);
        }
        await assertReadable(api, blob);
        await api.updateActionResult(blob.digest, { exitCode: 0 }, { digestFunction: i === 0 ? 0 : 1 });
        for (const digestFunction of [0, 1] as const) await api.getActionResult(blob.digest, { digestFunction });
      }
    }),
  },
  {
    name: 'refuses, in every method, a digest function it does not offer, does not know, or that has other hashes',
    obligations: ['GEN-7', 'GEN-16'], // obligation: GEN-7, GEN-16
    run: asking(async (api) => {
      // The functions whose hashes are as long as SHA-256's are another's blobs, if they are offered.
      const sameLength = [digestFunctions.sha256tree, digestFunctions.blake3];
      const absent = sameLength
        .filter(({ name }) => !functionsOf(api.subject).includes(name))
        .map(({ number }) => number);
      for (const { name, ask } of messageMethods) {
        for (const number of [2, 3, 4, 5, 6, 7, 10, 77, -1, ...absent]) {
          await api.ends(ask(api, absentDigest(), number), 'invalid_argument').catch(prefixed(`${name} ${number}`));
        }
      }
    }),
  },
];

/** Says which of a case's calls it was that went wrong. */
function prefixed(name: string): (reason: unknown) => never {
  return (reason) => {
    throw new Error(`${name}: ${reason instanceof Error ? reason.message : String(reason)}`, { cause: reason });
  };
}
