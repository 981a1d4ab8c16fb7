import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { updateOne } from './batches.ts';
import { absentDigest, assertReadable, assertSame, type Blob, emptyBlob, readName, upload } from './blobs.ts';
import {
  type Compressor,
  compressedReadName,
  compressedWriteName,
  compressors,
  requestsOf,
  textBlob,
} from './compressors.ts';
import type { Reapi } from './reapi.ts';
import { asking, type ConformanceCase, offering } from './suite.ts';
import { beginUpload } from './uploads.ts';

/** Uploads a blob compressed. Gives what was sent, and the committed size. */
async function uploadCompressed(
  api: Reapi,
  { name, compress }: Compressor,
  { bytes, digest }: Blob,
  pieceBytes?: number,
): Promise<{ sentBytes: number; committedSize: number }> {
  const compressed = compress(bytes);
  const requests = requestsOf(compressedWriteName(digest, name), compressed, { pieceBytes: pieceBytes ?? 16 * 1024 });
  return { sentBytes: compressed.byteLength, committedSize: await api.write(requests) };
}

async function readCompressed(
  api: Reapi,
  { name, decompress }: Compressor,
  { digest }: Blob,
  offset = 0,
): Promise<Buffer> {
  const compressed = await api.read(compressedReadName(digest, name), offset);
  return compressed.byteLength === 0 ? compressed : decompress(compressed);
}

/** Bytes that are no stream of what the blob holds. */
const spoilt: readonly (readonly [string, (compressed: Buffer, bytes: Buffer, compressor: Compressor) => Buffer])[] = [
  ['cut off', (compressed) => compressed.subarray(0, -1)],
  ['cut in two', (compressed) => compressed.subarray(0, compressed.byteLength / 2)],
  ['nothing', () => Buffer.of()],
  ['followed by a byte', (compressed) => Buffer.concat([compressed, Buffer.of(0x17)])],
  ['followed by much', (compressed) => Buffer.concat([compressed, randomBytes(40_000)])],
  ['not compressed', (_, bytes) => bytes],
  ['of another blob', (_, bytes, { compress }) => compress(Buffer.from(bytes).fill(0x41, 10, 20))],
  ['of one byte less', (_, bytes, { compress }) => compress(bytes.subarray(1))],
  ['of one byte more', (_, bytes, { compress }) => compress(Buffer.concat([bytes, Buffer.of(1)]))],
  ['of a hundred times as much', (_, bytes, { compress }) => compress(Buffer.alloc(100 * bytes.byteLength))],
];

/** What a server says to compressed blobs, in streams, by a compressor that it has announced. */
const casesOf = (compressor: Compressor): ConformanceCase[] => [
  {
    name: `gives blobs compressed by ${compressor.name}, however they came`,
    obligations: ['BSR-9', 'BSR-11', 'CAP-5'], // obligation: BSR-9, BSR-11, CAP-5
    run: asking(async (api) => {
      const { supportedCompressors = [] } = (await api.capabilities()).cacheCapabilities ?? {};
      assert(supportedCompressors.includes(compressor.number as never));
      for (const sizeBytes of [1, 1000, 100_000, 3_000_000]) {
        const [plain, compressed] = [textBlob(sizeBytes), textBlob(sizeBytes)];
        await upload(api, plain);
        await uploadCompressed(api, compressor, compressed);
        for (const blob of [plain, compressed]) {
          await assertReadable(api, blob);
          assertSame(await readCompressed(api, compressor, blob), blob.bytes);
        }
        if (api.isStrict && sizeBytes > 100) {
          const wire = await api.read(compressedReadName(plain.digest, compressor.name));
          assert(wire.byteLength < 0.7 * sizeBytes, `${wire.byteLength} bytes for ${sizeBytes}`);
        }
      }
    }),
  },
  {
    name: `begins a stream of ${compressor.name} at any byte of the blob`,
    obligations: ['BSR-9', 'BSR-13'], // obligation: BSR-9, BSR-13
    run: asking(async (api) => {
      for (const sizeBytes of [1000, 1_000_000]) {
        const blob = textBlob(sizeBytes);
        await upload(api, blob);
        for (const offset of [0, 1, 999, sizeBytes / 2, sizeBytes - 1, sizeBytes]) {
          assertSame(await readCompressed(api, compressor, blob, offset), blob.bytes.subarray(offset));
        }
        for (const offset of [sizeBytes + 1, -1]) {
          await api.ends(readCompressed(api, compressor, blob, offset), 'out_of_range', 'invalid_argument');
        }
      }
    }),
  },
  {
    name: `limits no read of ${compressor.name}`,
    obligations: ['BSR-10'], // obligation: BSR-10
    run: asking(async (api) => {
      const blob = textBlob(1000);
      await upload(api, blob);
      for (const limit of [1, 1000, 5000, -1]) {
        const read = api.read(compressedReadName(blob.digest, compressor.name), 0, limit);
        await api.ends(read, 'invalid_argument', 'unimplemented', 'out_of_range');
      }
    }),
  },
  {
    name: `has the empty blob compressed by ${compressor.name}, and no others than it has`,
    obligations: ['BSR-12', 'GEN-4', 'BSR-6', 'BSW-20'], // obligation: BSR-12, GEN-4, BSR-6, BSW-20
    run: asking(async (api) => {
      assertSame(await readCompressed(api, compressor, emptyBlob), emptyBlob.bytes);
      const empty = await uploadCompressed(api, compressor, emptyBlob);
      assert([empty.sentBytes, -1].includes(empty.committedSize));
      await api.ends(api.read(compressedReadName(absentDigest(), compressor.name)), 'not_found');
    }),
  },
  {
    name: `counts the compressed bytes of an upload by ${compressor.name}, in one message or many`,
    obligations: ['BSW-13', 'BSW-15'], // obligation: BSW-13, BSW-15
    run: asking(async (api) => {
      for (const [sizeBytes, pieceBytes] of [
        [1000, 10_000],
        [1000, 100],
        [1_000_000, 3_000_000],
        [1_000_000, 16 * 1024],
      ] as const) {
        const blob = textBlob(sizeBytes);
        const { committedSize, sentBytes } = await uploadCompressed(api, compressor, blob, pieceBytes);
        if (api.isStrict) assert.equal(committedSize, sentBytes);
        else assert([sentBytes, -1].includes(committedSize));
        await assertReadable(api, blob);
      }
    }),
  },
  {
    name: `refuses a write_offset of an upload by ${compressor.name} that does not follow`,
    obligations: ['BSW-15', 'BSW-3'], // obligation: BSW-15, BSW-3
    run: asking(async (api) => {
      const blob = textBlob(300_000);
      const requests = [
        ...requestsOf(compressedWriteName(blob.digest, compressor.name), compressor.compress(blob.bytes)),
      ];
      const shifted = requests.map((request, i) => (i === 2 ? { ...request, writeOffset: 3 * 16 * 1024 } : request));
      await api.ends(api.write(shifted), 'invalid_argument', 'out_of_range', 'failed_precondition', 'ok');
      if (api.isStrict) assert(!(await api.has(blob.digest)));
    }),
  },
  {
    name: `answers at once who begins to upload by ${compressor.name} what is here`,
    obligations: ['BSW-11', 'BSW-12', 'BSQ-2'], // obligation: BSW-11, BSW-12, BSQ-2
    run: asking(async (api) => {
      const blob = textBlob(500_000);
      await upload(api, blob);
      const resourceName = compressedWriteName(blob.digest, compressor.name);
      const [first, ...rest] = requestsOf(resourceName, compressor.compress(blob.bytes));
      const begun = beginUpload(api);
      for (const request of api.isStrict ? [first] : [first, ...rest]) begun.send(request);
      const committedSize = await begun.answer;
      if (api.isStrict) assert.equal(committedSize, -1); // Nothing more was sent.
      const { committedSize: there, complete } = await api.queryWriteStatus(resourceName);
      if (api.isStrict || complete) assert([-1, 500_000].includes(there) && complete);
    }),
  },
  ...spoilt.map(
    ([what, spoil]): ConformanceCase => ({
      name: `refuses a stream of ${compressor.name} that is ${what}, and keeps nothing of it`,
      obligations: ['BSW-14', 'BUB-4'], // obligation: BSW-14, BUB-4
      run: asking(async (api) => {
        for (const sizeBytes of [5000, 300_000]) {
          const blob = textBlob(sizeBytes);
          const bytes = spoil(compressor.compress(blob.bytes), blob.bytes, compressor);
          for (const pieceBytes of [3_000_000, 1009]) {
            const name = compressedWriteName(blob.digest, compressor.name);
            await api.ends(api.write(requestsOf(name, bytes, { pieceBytes })), 'invalid_argument', 'internal');
          }
          const update = updateOne(api, blob.digest, bytes, { compressor: compressor.number });
          await api.ends(update, 'invalid_argument', 'internal');
          assert(!(await api.has(blob.digest)));
          await uploadCompressed(api, compressor, blob);
          await assertReadable(api, blob);
        }
      }),
    }),
  ),
  {
    name: `takes one blob from many at once, some of them by ${compressor.name}`,
    obligations: ['BSW-18', 'BSW-12'], // obligation: BSW-18, BSW-12
    run: asking(async (api) => {
      const blob = textBlob(700_000);
      const plain = Array.from({ length: 5 }, () => upload(api, blob));
      const compressed = Array.from({ length: 5 }, async () => {
        const { committedSize, sentBytes } = await uploadCompressed(api, compressor, blob);
        assert([sentBytes, -1].includes(committedSize));
      });
      await Promise.all([...plain, ...compressed]);
      await assertReadable(api, blob);
    }),
  },
  {
    name: `names instances beside ${compressor.name}, and is strict about the rest`,
    obligations: ['BSR-2', 'BSR-4', 'BSW-19'], // obligation: BSR-2, BSR-4, BSW-19
    run: asking(async (api) => {
      const blob = textBlob(3000);
      const compressed = compressor.compress(blob.bytes);
      const name = compressedReadName(blob.digest, compressor.name);
      for (const instance of api.subject.instances.filter((each) => each !== '')) {
        const writeName = `${instance}/${compressedWriteName(blob.digest, compressor.name)}/and/more`;
        await api.write(requestsOf(writeName, compressed));
        assertSame(compressor.decompress(await api.read(`${instance}/${name}`)), blob.bytes);
      }
      for (const wrong of [
        `${name}/more`,
        name.replace(compressor.name, compressor.name.toUpperCase()),
        name.replace(compressor.name, 'identity'),
        name.replace(`${compressor.name}/`, ''),
        `compressed-${readName(blob.digest)}`,
      ]) {
        await api.ends(api.read(wrong), 'invalid_argument', 'unimplemented', 'not_found', 'ok');
      }
    }),
  },
];

/** Compressed blobs in streams. */
export const compression: readonly ConformanceCase[] = compressors.flatMap((compressor) =>
  casesOf(compressor).map((each) => ({ ...each, appliesTo: offering(compressor.name) })),
);
