import assert from 'node:assert/strict';
import {
  ContentAddressableStorageDefinition as cas,
  SymlinkAbsolutePathStrategy_Value,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { absentDigest, freshBlob, writeName } from './blobs.ts';
import type { Reapi } from './reapi.ts';
import { asking, type ConformanceCase, withoutOffering } from './suite.ts';

/** By their numbers, from 1. */
const compressors = ['zstd', 'deflate', 'brotli'] as const;

/** What is announced, in order; that there may be none goes without saying. */
function namesOf(numbers: readonly number[]): string[] {
  return [...new Set(numbers)]
    .sort()
    .flatMap((number) => (number === 0 ? [] : [compressors[number - 1] ?? `${number}`]));
}

async function cacheCapabilities(
  api: Reapi,
): Promise<NonNullable<Awaited<ReturnType<Reapi['capabilities']>>['cacheCapabilities']>> {
  const { cacheCapabilities } = await api.capabilities();
  assert(cacheCapabilities !== undefined);
  return cacheCapabilities;
}

/** GetCapabilities: clients take it at its word, and some leave when a word is missing. */
export const capabilities: readonly ConformanceCase[] = [
  {
    name: 'names a range of versions that old and new clients are in',
    obligations: ['CAP-1'], // obligation: CAP-1
    run: asking(async (api) => {
      for (const instance of api.subject.instances) {
        const { lowApiVersion: low, highApiVersion: high } = await api.capabilities(instance);
        assert.deepEqual([low?.major, low?.minor, low?.patch], [2, 0, 0]);
        assert(high?.major === 2 && (high.minor >= 1 || !api.isStrict));
      }
    }),
  },
  {
    name: 'offers SHA-256, and no function that is none',
    obligations: ['CAP-2'], // obligation: CAP-2
    run: asking(async (api) => {
      const { digestFunctions } = await cacheCapabilities(api);
      assert(digestFunctions.includes(1) && !digestFunctions.includes(0));
    }),
  },
  {
    name: 'says whether this caller may store results, and means it',
    obligations: ['CAP-3'], // obligation: CAP-3
    run: asking(async (api) => {
      const { actionCacheUpdateCapabilities } = await cacheCapabilities(api);
      const update = api.updateActionResult(absentDigest(), { exitCode: 0 });
      await api.ends(update, actionCacheUpdateCapabilities?.updateEnabled === true ? 'ok' : 'permission_denied');
    }),
  },
  {
    name: 'limits batches to what fits into a message that every client accepts',
    obligations: ['CAP-4'], // obligation: CAP-4
    run: asking(async (api) => {
      const { maxBatchTotalSizeBytes } = await cacheCapabilities(api);
      assert(maxBatchTotalSizeBytes < 4 * 1024 * 1024 - 16 * 1024);
      assert(maxBatchTotalSizeBytes > 0 || !api.isStrict);
    }),
  },
  {
    name: 'announces the compressors it has, and no others',
    obligations: ['CAP-5', 'CAP-6'], // obligation: CAP-5, CAP-6
    run: asking(async (api) => {
      const { supportedCompressors, supportedBatchUpdateCompressors } = await cacheCapabilities(api);
      const has = compressors.filter((name) => api.subject.offers.includes(name));
      assert.deepEqual(namesOf(supportedCompressors), has);
      for (const name of namesOf(supportedBatchUpdateCompressors))
        assert(
          has.some((each) => each === name),
          name,
        );
      if (api.isStrict) assert.deepEqual(namesOf(supportedBatchUpdateCompressors), has);
    }),
  },
  {
    name: 'announces no chunking that it has not got',
    obligations: ['CAP-7'], // obligation: CAP-7
    appliesTo: withoutOffering('chunking'),
    run: asking(async (api) => {
      const { splitBlobSupport, spliceBlobSupport, fastCdc2020Params, repMaxCdcParams } = await cacheCapabilities(api);
      assert.deepEqual([splitBlobSupport, spliceBlobSupport], [false, false]);
      assert.deepEqual([fastCdc2020Params, repMaxCdcParams], [undefined, undefined]);
      const blobDigest = absentDigest();
      await api.ends(api.unary(cas, 'splitBlob', { blobDigest }), 'unimplemented');
      await api.ends(api.unary(cas, 'spliceBlob', { blobDigest, chunkDigests: [blobDigest] }), 'unimplemented');
    }),
  },
  {
    name: 'allows links to absolute paths',
    obligations: ['CAP-8'], // obligation: CAP-8
    run: asking(async (api) => {
      const { symlinkAbsolutePathStrategy } = await cacheCapabilities(api);
      assert.equal(symlinkAbsolutePathStrategy, SymlinkAbsolutePathStrategy_Value.ALLOWED);
    }),
  },
  {
    name: 'gives ranges of priorities the right way round',
    obligations: ['CAP-9'], // obligation: CAP-9
    run: asking(async (api) => {
      const { cachePriorityCapabilities } = await cacheCapabilities(api);
      const ranges = cachePriorityCapabilities?.priorities ?? [];
      assert(ranges.length > 0 || !api.isStrict);
      for (const { minPriority, maxPriority } of ranges) assert(minPriority <= maxPriority);
    }),
  },
  {
    name: 'announces no execution that it has not got',
    obligations: ['CAP-10'], // obligation: CAP-10
    appliesTo: withoutOffering('execution'),
    run: asking(async (api) => {
      const { executionCapabilities } = await api.capabilities();
      assert(executionCapabilities === undefined || (!api.isStrict && !executionCapabilities.execEnabled));
    }),
  },
  {
    name: 'refuses a blob larger than it says it takes, before it comes',
    obligations: ['CAP-11'], // obligation: CAP-11
    run: asking(async (api) => {
      const { maxCasBlobSizeBytes } = await cacheCapabilities(api);
      if (maxCasBlobSizeBytes === 0) return;
      const resourceName = writeName(absentDigest(maxCasBlobSizeBytes + 1));
      await api.ends(api.write([{ resourceName, data: freshBlob(100).bytes }]), 'invalid_argument');
    }),
  },
];
