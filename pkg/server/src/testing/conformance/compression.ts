import assert from 'node:assert/strict';
import { zstdCompressSync } from 'node:zlib';
import { updateOne } from './batches.ts';
import { freshBlob, upload } from './blobs.ts';
import { asking, type ConformanceCase, withoutOffering } from './suite.ts';

const names = ['zstd', 'deflate', 'brotli'] as const;

/** What a server says to compressed blobs that it has not announced. */
export const compression: readonly ConformanceCase[] = names.flatMap((compressor): ConformanceCase[] => [
  {
    name: `refuses to read what is compressed by ${compressor}, which it has not announced`,
    obligations: ['BSR-4', 'BSR-9', 'BSR-10', 'BSR-11', 'BSR-12', 'BSR-13', 'BSR-16'],
    // obligation: BSR-4, BSR-9, BSR-10, BSR-11, BSR-12, BSR-13, BSR-16
    appliesTo: withoutOffering(compressor),
    run: asking(async (api) => {
      const { supportedCompressors = [] } = (await api.capabilities()).cacheCapabilities ?? {};
      assert(!supportedCompressors.includes((names.indexOf(compressor) + 1) as never));
      const blob = freshBlob(5000);
      await upload(api, blob);
      const name = `compressed-blobs/${compressor}/${blob.digest.hash}/5000`;
      for (const [offset, limit] of [
        [0, 0],
        [100, 0],
        [5000, 0],
        [0, 100],
      ] as const) {
        await api.ends(api.read(name, offset, limit), 'unimplemented', 'invalid_argument');
      }
      await api.ends(api.read(`a/b/${name}`), 'unimplemented', 'invalid_argument');
    }),
  },
  {
    name: `refuses to write what is compressed by ${compressor}, which it has not announced`,
    obligations: ['BSW-11', 'BSW-13', 'BSW-14', 'BSW-15'], // obligation: BSW-11, BSW-13, BSW-14, BSW-15
    appliesTo: withoutOffering(compressor),
    run: asking(async (api) => {
      const blob = freshBlob(5000);
      const resourceName = `uploads/u/compressed-blobs/${compressor}/${blob.digest.hash}/5000`;
      const data = zstdCompressSync(blob.bytes);
      const write = (): Promise<number> => api.write([{ resourceName, data, finishWrite: true }]);
      await api.ends(write(), 'unimplemented', 'invalid_argument');
      await api.ends(api.queryWriteStatus(resourceName), 'unimplemented', 'invalid_argument');
      assert(!(await api.has(blob.digest)));
      await upload(api, blob);
      await api.ends(write(), 'unimplemented', 'invalid_argument');
    }),
  },
  {
    name: `refuses an entry of a batch compressed by ${compressor}, which it has not announced`,
    obligations: ['BUB-4'], // obligation: BUB-4
    appliesTo: withoutOffering(compressor),
    run: asking(async (api) => {
      const blob = freshBlob(5000);
      const numbers = { compressor: names.indexOf(compressor) + 1 };
      const update = updateOne(api, blob.digest, zstdCompressSync(blob.bytes), numbers);
      await api.ends(update, 'invalid_argument', 'unimplemented');
      await api.ends(updateOne(api, blob.digest, blob.bytes, numbers), 'invalid_argument', 'unimplemented');
      await api.ends(updateOne(api, blob.digest, blob.bytes, { compressor: 77 }), 'invalid_argument', 'unimplemented');
      assert(!(await api.has(blob.digest)));
    }),
  },
]);
