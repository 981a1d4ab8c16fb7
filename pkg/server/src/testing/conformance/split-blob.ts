import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chunksOf, fastCdc2020, fastCdcSizes, repMaxCdc } from '@gorego/chunking';
import {
  ContentAddressableStorageDefinition as cas,
  ChunkingFunction_Value as Fn,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { absentDigest, assertSame, type Blob, blobOf, emptyBlob, freshBlob, keyOf, readName, upload } from './blobs.ts';
import { readAll } from './chunks.ts';
import type { Reapi } from './reapi.ts';
import { asking, type ConformanceCase, offering } from './suite.ts';

const mebibyte = 1024 * 1024;

async function announced(api: Reapi) {
  const { cacheCapabilities } = await api.capabilities();
  assert(cacheCapabilities !== undefined);
  return cacheCapabilities;
}

/** SplitBlob: the chunks of a blob that is there. */
export const splitBlob: readonly ConformanceCase[] = [
  {
    name: 'announces chunking with parameters that clients take',
    obligations: ['CAP-7'], // obligation: CAP-7
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const { splitBlobSupport, spliceBlobSupport, fastCdc2020Params, repMaxCdcParams } = await announced(api);
      assert.deepEqual([splitBlobSupport, spliceBlobSupport], [true, true]);
      assert(fastCdc2020Params !== undefined && (repMaxCdcParams !== undefined || !api.isStrict));
      fastCdcSizes(fastCdc2020Params.avgChunkSizeBytes);
      assert((repMaxCdcParams?.minChunkSizeBytes ?? 64) >= 64);
    }),
  },
  {
    name: 'says of which chunks a blob is, all of them there',
    obligations: ['SPL-1'], // obligation: SPL-1
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      for (const chunkingFunction of [Fn.UNKNOWN, Fn.FAST_CDC_2020, Fn.REP_MAX_CDC]) {
        const blob = blobOf(randomBytes(6 * mebibyte + 123));
        await upload(api, blob);
        const request = { blobDigest: blob.digest, digestFunction: 1, chunkingFunction } as const;
        const answer = await api.unary(cas, 'splitBlob', request);
        assert(answer.chunkDigests.length > 3);
        assert.deepEqual(await api.findMissing(answer.chunkDigests), []);
        assertSame(await readAll(api, answer.chunkDigests), blob.bytes);
        assert.deepEqual((await api.unary(cas, 'splitBlob', request)).chunkDigests, answer.chunkDigests);
        if (!api.isStrict) continue;
        assert.equal(answer.chunkingFunction, chunkingFunction === Fn.UNKNOWN ? Fn.FAST_CDC_2020 : chunkingFunction);
      }
    }),
  },
  {
    name: 'cuts as the parameters it announces say',
    obligations: ['SPL-1', 'CAP-7'], // obligation: SPL-1, CAP-7
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const { fastCdc2020Params: fast, repMaxCdcParams: repMax } = await announced(api);
      const chunkers = [
        fast && fastCdc2020(fastCdcSizes(fast.avgChunkSizeBytes), fast.seed),
        repMax && repMaxCdc({ min: repMax.minChunkSizeBytes, horizon: repMax.horizonSizeBytes }),
      ];
      for (const [i, chunker] of chunkers.entries()) {
        if (chunker === undefined) continue;
        const blob = blobOf(randomBytes(7 * mebibyte));
        await upload(api, blob);
        const request = { blobDigest: blob.digest, chunkingFunction: (i + 1) as Fn };
        const answer = await api.unary(cas, 'splitBlob', request);
        if (answer.chunkingFunction !== i + 1) continue;
        const ours: string[] = [];
        for await (const chunk of chunksOf(chunker, [blob.bytes])) ours.push(keyOf(blobOf(chunk).digest));
        assert.deepEqual(answer.chunkDigests.map(keyOf), ours);
      }
    }),
  },
  {
    name: 'has chunks in common for blobs that have bytes in common',
    obligations: ['SPL-1'], // obligation: SPL-1
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const common = randomBytes(8 * mebibyte);
      const split = async (blob: Blob): Promise<Set<string>> => {
        await upload(api, blob);
        const { chunkDigests } = await api.unary(cas, 'splitBlob', { blobDigest: blob.digest });
        return new Set(chunkDigests.map(keyOf));
      };
      const [a, b] = [await split(blobOf(common)), await split(blobOf(Buffer.concat([randomBytes(1000), common])))];
      assert(a.size > 3 && a.intersection(b).size >= a.size / 3, `${a.intersection(b).size} of ${a.size} are the same`);
    }),
  },
  {
    name: 'has not found a blob that is not there',
    obligations: ['SPL-2'], // obligation: SPL-2
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      for (const sizeBytes of [5, 5 * mebibyte]) {
        await api.ends(api.unary(cas, 'splitBlob', { blobDigest: absentDigest(sizeBytes) }), 'not_found');
      }
      await api.ends(api.unary(cas, 'splitBlob', {}), 'invalid_argument');
    }),
  },
  {
    name: 'refuses a chunking function that there is none of',
    obligations: ['SPL-3'], // obligation: SPL-3
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const blob = blobOf(randomBytes(3 * mebibyte));
      await upload(api, blob);
      const request = { blobDigest: blob.digest, chunkingFunction: 99 as Fn };
      await api.ends(api.unary(cas, 'splitBlob', request), 'invalid_argument', 'ok');
    }),
  },
  {
    name: 'leaves a blob whole that is too small to be cut',
    obligations: ['SPL-4', 'GEN-4'], // obligation: SPL-4, GEN-4
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const small = [freshBlob(1), freshBlob(100_000), freshBlob(2 * mebibyte - 1)];
      await upload(api, ...small);
      for (const blob of [...small, emptyBlob]) {
        const answer = api.unary(cas, 'splitBlob', { blobDigest: blob.digest, chunkingFunction: Fn.FAST_CDC_2020 });
        if ((await api.ends(answer, 'ok', 'not_found')) === 'not_found') continue;
        const { chunkDigests } = await answer;
        assertSame(await readAll(api, chunkDigests), blob.bytes);
        assert(!api.isStrict || chunkDigests.length === 1);
      }
    }),
  },
  {
    name: 'has chunks that can be read in part, and in batches',
    obligations: ['SPL-1'], // obligation: SPL-1
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const blob = blobOf(randomBytes(5 * mebibyte));
      await upload(api, blob);
      const { chunkDigests } = await api.unary(cas, 'splitBlob', { blobDigest: blob.digest });
      const [first, second] = chunkDigests as [(typeof chunkDigests)[0], (typeof chunkDigests)[0]];
      const at = first.sizeBytes + 1000;
      assertSame(await api.read(readName(second), 1000, 5000), blob.bytes.subarray(at, at + 5000));
      const { responses } = await api.unary(cas, 'batchReadBlobs', { digests: [second] });
      const end = first.sizeBytes + second.sizeBytes;
      assertSame(responses[0]?.data ?? Buffer.of(), blob.bytes.subarray(first.sizeBytes, end));
    }),
  },
];
