import assert from 'node:assert/strict';
import {
  type Compressor_Value,
  ContentAddressableStorageDefinition as cas,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { updateOne, uploadSmall } from './batches.ts';
import { absentDigest, assertReadable, assertSame, emptyBlob, freshBlob } from './blobs.ts';
import { type Compressor, compressors, textBlob } from './compressors.ts';
import { asking, type ConformanceCase, offering } from './suite.ts';

/** What a server says to compressed blobs, in batches, by a compressor that it has announced. */
const casesOf = (compressor: Compressor): ConformanceCase[] => [
  {
    name: `takes entries of a batch compressed by ${compressor.name}, among others`,
    obligations: ['BUB-4', 'CAP-6'], // obligation: BUB-4, CAP-6
    run: asking(async (api) => {
      const { supportedBatchUpdateCompressors = [] } = (await api.capabilities()).cacheCapabilities ?? {};
      assert(supportedBatchUpdateCompressors.includes(compressor.number as never));
      const blobs = [1, 100, 5000, 300_000].map(textBlob);
      const plain = freshBlob(2000);
      const wrong = absentDigest();
      const number = compressor.number as Compressor_Value;
      const entries = blobs.map(({ digest, bytes }) => ({
        digest,
        data: compressor.compress(bytes),
        compressor: number,
      }));
      const { responses } = await api.unary(cas, 'batchUpdateBlobs', {
        requests: [
          ...entries,
          { digest: plain.digest, data: plain.bytes },
          { digest: wrong, data: compressor.compress(plain.bytes), compressor: number },
        ],
      });
      assert.deepEqual(
        responses.map(({ status }) => status?.code ?? 0),
        [0, 0, 0, 0, 0, api.isStrict ? 3 : responses[5]?.status?.code],
      );
      for (const blob of [...blobs, plain]) await assertReadable(api, blob);
      await updateOne(api, emptyBlob.digest, compressor.compress(emptyBlob.bytes), { compressor: number });
    }),
  },
  {
    name: `takes entries far larger than their message, compressed by ${compressor.name}`,
    obligations: ['BUB-11'], // obligation: BUB-11
    run: asking(async (api) => {
      const blob = freshBlob(20_000_000); // It repeats itself.
      const compressed = compressor.compress(blob.bytes);
      assert(compressed.byteLength < 3_000_000);
      await api.ends(
        updateOne(api, blob.digest, compressed, { compressor: compressor.number }),
        'ok',
        'invalid_argument',
      );
      if (api.isStrict) await assertReadable(api, blob);
    }),
  },
  {
    name: `gives ${compressor.name} to who accepts it, and nothing else`,
    obligations: ['BRB-3', 'BRB-4'], // obligation: BRB-3, BRB-4
    run: asking(async (api) => {
      const blobs = [emptyBlob, ...[1, 300, 5000, 300_000].map(textBlob)];
      await uploadSmall(api, blobs.slice(1));
      const { responses } = await api.unary(cas, 'batchReadBlobs', {
        digests: blobs.map(({ digest }) => digest),
        acceptableCompressors: [77 as Compressor_Value, compressor.number as Compressor_Value],
      });
      assert.equal(responses.length, blobs.length);
      for (const [i, { data, compressor: number, status }] of responses.entries()) {
        assert.equal(status?.code ?? 0, 0);
        assert([0, compressor.number].includes(number));
        assertSame(number === 0 ? data : compressor.decompress(data), blobs[i]?.bytes ?? Buffer.of());
        assert(data.byteLength <= (blobs[i]?.bytes.byteLength ?? 0) || !api.isStrict, 'no entry grows');
      }
      if (api.isStrict) assert(responses.some(({ compressor: number }) => number === compressor.number));
    }),
  },
];

/** Compressed blobs in batches. */
export const compressionBatches: readonly ConformanceCase[] = [
  ...compressors.flatMap((compressor) =>
    casesOf(compressor).map((each) => ({ ...each, appliesTo: offering(compressor.name) })),
  ),
  {
    name: 'refuses an entry compressed by what nobody knows',
    obligations: ['BUB-4', 'GEN-16'], // obligation: BUB-4, GEN-16
    run: asking(async (api) => {
      const blob = textBlob(5000);
      for (const compressor of [4, 77, -1]) {
        await api.ends(updateOne(api, blob.digest, blob.bytes, { compressor }), 'invalid_argument', 'unimplemented');
      }
      assert(!(await api.has(blob.digest)));
    }),
  },
  {
    name: 'gives no compressed entry to who accepts none',
    obligations: ['BRB-3'], // obligation: BRB-3
    run: asking(async (api) => {
      const blob = textBlob(5000);
      await uploadSmall(api, [blob]);
      for (const acceptableCompressors of [[], [0]] as Compressor_Value[][]) {
        const { responses } = await api.unary(cas, 'batchReadBlobs', { digests: [blob.digest], acceptableCompressors });
        assert.equal(responses[0]?.compressor, 0);
        assertSame(responses[0]?.data ?? Buffer.of(), blob.bytes);
      }
    }),
  },
];
