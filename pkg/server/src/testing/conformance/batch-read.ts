import assert from 'node:assert/strict';
import {
  type BatchReadBlobsResponse_Response,
  type Compressor_Value,
  ContentAddressableStorageDefinition as cas,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { DigestMessage } from '../../wire-digest.ts';
import { batchBytesMaxOf } from './batch-update.ts';
import { readOne, uploadSmall } from './batches.ts';
import { absentDigest, assertSame, emptyBlob, freshBlob, upload } from './blobs.ts';
import { codeOf, type Reapi } from './reapi.ts';
import { asking, type ConformanceCase, withoutOffering } from './suite.ts';

async function read(
  api: Reapi,
  digests: readonly DigestMessage[],
  acceptableCompressors: readonly number[] = [],
): Promise<BatchReadBlobsResponse_Response[]> {
  const { responses } = await api.unary(cas, 'batchReadBlobs', {
    digests: [...digests],
    acceptableCompressors: acceptableCompressors as Compressor_Value[],
  });
  return responses;
}

/** BatchReadBlobs. */
export const batchRead: readonly ConformanceCase[] = [
  {
    name: 'gives what is here, and says what is not, each under its digest and with a status',
    obligations: ['BRB-1', 'BRB-5'], // obligation: BRB-1, BRB-5
    run: asking(async (api) => {
      const blobs = [freshBlob(1), freshBlob(1000), freshBlob(100_000)];
      await uploadSmall(api, blobs);
      const absent = absentDigest(50);
      const responses = await read(api, [absent, ...blobs.map(({ digest }) => digest)]);
      assert.equal(responses.length, 4);
      const byHash = new Map(responses.map((response) => [response.digest?.hash, response]));
      assert.deepEqual([byHash.get(absent.hash)?.status?.code, byHash.get(absent.hash)?.data.byteLength], [5, 0]);
      for (const { digest, bytes } of blobs) {
        assert.equal(byHash.get(digest.hash)?.digest?.sizeBytes, digest.sizeBytes);
        assert.equal(byHash.get(digest.hash)?.status?.code, 0);
        assertSame(byHash.get(digest.hash)?.data ?? Buffer.of(), bytes);
      }
      if (api.isStrict) assert(responses.every(({ status }) => status !== undefined));
    }),
  },
  {
    name: 'gives exactly as much at once as it announces, and no more',
    obligations: ['BRB-2', 'GEN-10'], // obligation: BRB-2, GEN-10
    run: asking(async (api) => {
      const limit = await batchBytesMaxOf(api);
      const [big, small, tiny] = [freshBlob(limit - 100), freshBlob(100), freshBlob(1)];
      await upload(api, big, small, tiny);
      const responses = await read(api, [big.digest, small.digest]);
      assertSame(responses.find(({ digest }) => digest?.hash === big.digest.hash)?.data ?? Buffer.of(), big.bytes);
      const over = [big.digest, small.digest, tiny.digest];
      await api.ends(read(api, over), 'invalid_argument', 'ok', 'resource_exhausted');
    }),
  },
  {
    name: 'gives many small blobs at once',
    obligations: ['BRB-1', 'GEN-10'], // obligation: BRB-1, GEN-10
    run: asking(async (api) => {
      const blobs = Array.from({ length: 1000 }, () => freshBlob(100));
      await uploadSmall(api, blobs);
      const responses = await read(
        api,
        blobs.map(({ digest }) => digest),
      );
      const byHash = new Map(responses.map(({ digest, data }) => [digest?.hash, data]));
      for (const { digest, bytes } of blobs) assertSame(byHash.get(digest.hash) ?? Buffer.of(), bytes);
    }),
  },
  {
    name: 'says of many absent blobs that they are absent, in a message that every client accepts',
    obligations: ['BRB-1', 'GEN-10'], // obligation: BRB-1, GEN-10
    run: asking(async (api) => {
      for (const count of [20_000, 45_000]) {
        const asked = Array.from({ length: count }, () => absentDigest(1));
        const responses = await read(api, asked).catch((reason: unknown) => {
          assert(['invalid_argument', 'resource_exhausted'].includes(codeOf(reason)) && count > 20_000);
        });
        if (responses === undefined) continue;
        assert.deepEqual(new Set(responses.map(({ status }) => status?.code)), new Set([5]));
        assert.equal(responses.length, count);
      }
    }),
  },
  {
    name: 'gives bytes as they are to who accepts nothing else, or what is not offered',
    obligations: ['BRB-3'], // obligation: BRB-3
    appliesTo: withoutOffering('zstd', 'deflate', 'brotli'),
    run: asking(async (api) => {
      const blob = freshBlob(3000);
      await upload(api, blob);
      for (const acceptable of [[], [0], [1], [1, 2, 3], [77]]) {
        const [response] = await read(api, [blob.digest], acceptable);
        assert.deepEqual([response?.compressor, response?.status?.code], [0, 0]);
        assertSame(response?.data ?? Buffer.of(), blob.bytes);
      }
    }),
  },
  {
    name: 'gives the empty blob, whatever compressor is accepted',
    obligations: ['BRB-4'], // obligation: BRB-4
    run: asking(async (api) => {
      for (const acceptable of [[], [1]]) {
        const [response] = await read(api, [emptyBlob.digest], acceptable);
        assert.equal(response?.status?.code ?? 0, 0);
        if (response?.compressor === 0) assert.equal(response.data.byteLength, 0);
      }
    }),
  },
  {
    name: 'says of a wrong size, in its entry alone, that it is not here',
    obligations: ['BRB-6'], // obligation: BRB-6
    run: asking(async (api) => {
      const blob = freshBlob(64);
      await upload(api, blob);
      const wrong = { ...blob.digest, sizeBytes: 65 };
      const responses = await read(api, [wrong, blob.digest]);
      const bySize = new Map(responses.map(({ digest, status }) => [digest?.sizeBytes, status?.code ?? 0]));
      assert.equal(bySize.get(64), 0);
      await api.ends(readOne(api, wrong), 'not_found', 'invalid_argument');
    }),
  },
  {
    name: 'answers nothing to an empty batch, and twice what is asked for twice',
    obligations: ['BRB-1'], // obligation: BRB-1
    run: asking(async (api) => {
      assert.deepEqual(await read(api, []), []);
      const blob = freshBlob(20);
      await upload(api, blob);
      const responses = await read(api, [blob.digest, blob.digest]);
      assert(responses.length === 2 || (!api.isStrict && responses.length === 1));
      for (const { data } of responses) assertSame(data, blob.bytes);
    }),
  },
];
