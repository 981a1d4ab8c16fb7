import assert from 'node:assert/strict';
import { ContentAddressableStorageDefinition as cas } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { updateOne } from './batches.ts';
import { absentDigest, assertReadable, type Blob, emptyBlob, freshBlob, keyOf } from './blobs.ts';
import { codeOf, type Reapi } from './reapi.ts';
import { asking, type ConformanceCase, onlyStrict } from './suite.ts';

/** Updates, and gives the statuses' codes by hash. */
async function codesOf(api: Reapi, blobs: readonly Blob[]): Promise<Map<string | undefined, number | undefined>> {
  const requests = blobs.map(({ digest, bytes: data }) => ({ digest, data }));
  const { responses } = await api.unary(cas, 'batchUpdateBlobs', { requests });
  assert.equal(responses.length, requests.length);
  return new Map(responses.map(({ digest, status }) => [digest?.hash, status?.code]));
}

/** What batches are limited to: as announced, or what fits into a message where nothing is. */
export async function batchBytesMaxOf(api: Reapi): Promise<number> {
  const { cacheCapabilities } = await api.capabilities();
  return cacheCapabilities?.maxBatchTotalSizeBytes || 3 * 1024 * 1024;
}

/** BatchUpdateBlobs. */
export const batchUpdate: readonly ConformanceCase[] = [
  {
    name: 'answers each entry, by its digest',
    obligations: ['BUB-1'], // obligation: BUB-1
    run: asking(async (api) => {
      const blobs = [freshBlob(1000), freshBlob(1), freshBlob(70_000), freshBlob(33)];
      assert.deepEqual(await codesOf(api, blobs), new Map(blobs.map(({ digest }) => [digest.hash, 0])));
      for (const blob of blobs) await assertReadable(api, blob);
    }),
  },
  {
    name: 'refuses bytes that are not what they are called, and keeps the others',
    obligations: ['BUB-2'], // obligation: BUB-2
    run: asking(async (api) => {
      const [good, wrong, short, long] = [freshBlob(100), freshBlob(101), freshBlob(102), freshBlob(103)];
      const codes = await codesOf(api, [
        { ...wrong, bytes: freshBlob(101).bytes },
        good,
        { ...short, bytes: short.bytes.subarray(1) },
        { ...long, bytes: Buffer.concat([long.bytes, Buffer.from('!')]) },
      ]);
      assert.deepEqual(
        [wrong, good, short, long].map(({ digest }) => codes.get(digest.hash)),
        [3, 0, 3, 3],
      );
      const missing = await api.findMissing([good, wrong, short, long].map(({ digest }) => digest));
      assert.deepEqual(new Set(missing.map(keyOf)), new Set([wrong, short, long].map(({ digest }) => keyOf(digest))));
    }),
  },
  {
    name: 'takes a batch of exactly the announced limit, be it one blob or four thousand',
    obligations: ['BUB-3', 'GEN-10'], // obligation: BUB-3, GEN-10
    run: asking(async (api) => {
      const limit = await batchBytesMaxOf(api);
      const one = freshBlob(limit);
      assert.deepEqual(await codesOf(api, [one]), new Map([[one.digest.hash, 0]]));
      await assertReadable(api, one);
      const each = Math.floor(limit / 4000);
      const many = Array.from({ length: 4000 }, (_, i) => freshBlob(i === 0 ? limit - 3999 * each : each));
      assert.deepEqual(new Set((await codesOf(api, many)).values()), new Set([0]));
      assert.deepEqual(await api.findMissing(many.map(({ digest }) => digest)), []);
    }),
  },
  {
    name: 'stores nothing of a batch over the announced limit',
    obligations: ['BUB-3'], // obligation: BUB-3
    run: asking(async (api) => {
      const limit = await batchBytesMaxOf(api);
      const blobs = [freshBlob(1000), freshBlob(limit - 999)];
      await api.ends(codesOf(api, blobs), 'invalid_argument', 'ok');
      if (api.isStrict) assert.equal((await api.findMissing(blobs.map(({ digest }) => digest))).length, 2);
    }),
  },
  {
    name: 'is content with a blob that is here already, the empty one, and the same one twice',
    obligations: ['BUB-5', 'BUB-6'], // obligation: BUB-5, BUB-6
    run: asking(async (api) => {
      const blob = freshBlob(500);
      for (let round = 0; round < 2; round++) {
        const codes = await codesOf(api, [blob, emptyBlob, blob]);
        assert.deepEqual(codes, new Map([blob, emptyBlob].map(({ digest }) => [digest.hash, 0])));
      }
    }),
  },
  {
    name: 'answers nothing to an empty batch',
    obligations: ['BUB-9'], // obligation: BUB-9
    run: asking(async (api) => assert.equal((await codesOf(api, [])).size, 0)),
  },
  {
    name: 'refuses a malformed digest in its entry alone',
    obligations: ['BUB-10'], // obligation: BUB-10
    run: asking(async (api) => {
      const good = freshBlob(40);
      const bad = { ...freshBlob(40), digest: { hash: 'nonsense', sizeBytes: 40 } };
      const codes = await codesOf(api, [bad, good]).catch((reason: unknown) => {
        assert(!api.isStrict && codeOf(reason) === 'invalid_argument');
      });
      if (codes === undefined) assert(!(await api.has(good.digest)));
      else assert.deepEqual(codes, new Map([bad, good].map(({ digest }, i) => [digest.hash, i === 0 ? 3 : 0])));
    }),
  },
  {
    name: 'refuses a batch of more entries than it could answer in a message that every client accepts',
    obligations: ['BUB-3', 'GEN-10'], // obligation: BUB-3, GEN-10
    appliesTo: onlyStrict,
    run: asking(async (api) => {
      const requests = Array.from({ length: 45_000 }, () => ({ digest: absentDigest(), data: Buffer.from('x') }));
      await api.ends(api.unary(cas, 'batchUpdateBlobs', { requests }), 'invalid_argument');
      const hash = 'x'.repeat(5 * 1024 * 1024);
      await api.ends(updateOne(api, { hash, sizeBytes: 1 }, Buffer.from('x')), 'invalid_argument');
    }),
  },
];
