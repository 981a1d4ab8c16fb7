import assert from 'node:assert/strict';
import { constants, zstdCompressSync } from 'node:zlib';
import { assertReadable, freshBlob, upload } from './blobs.ts';
import { compressedReadName, compressedWriteName, requestsOf, textBlob } from './compressors.ts';
import { asking, type ConformanceCase, offering } from './suite.ts';

const skippable = Buffer.from('502a4d1803000000aabbcc', 'hex');
const empty = Buffer.from('28b52ffd2000010000', 'hex');

/** Whatever RFC 8878 allows a stream to be. */
const forms: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
  [
    'two frames',
    (bytes) => Buffer.concat([bytes.subarray(0, 1000), bytes.subarray(1000)].map((part) => zstdCompressSync(part))),
  ],
  [
    'a frame for each quarter',
    (bytes) => {
      const quarter = Math.ceil(bytes.byteLength / 4);
      return Buffer.concat([0, 1, 2, 3].map((i) => zstdCompressSync(bytes.subarray(i * quarter, (i + 1) * quarter))));
    },
  ],
  [
    'a frame among skippable ones',
    (bytes) => Buffer.concat([skippable, zstdCompressSync(bytes), skippable, skippable]),
  ],
  ['a frame among empty ones', (bytes) => Buffer.concat([empty, empty, zstdCompressSync(bytes), empty])],
  ['a frame with a checksum', (bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
  ['a frame without a size', (bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } })],
  [
    'the densest frame with a window of 128 MiB',
    (bytes) => {
      const params = {
        [constants.ZSTD_c_windowLog]: 27,
        [constants.ZSTD_c_compressionLevel]: 12,
        [constants.ZSTD_c_contentSizeFlag]: 0,
      };
      return zstdCompressSync(bytes, { params });
    },
  ],
];

/** Streams that ask for what nobody should give. */
const hostile: readonly (readonly [string, Buffer])[] = [
  ['a window of 2 TiB', Buffer.from('28b52ffd00a8010000', 'hex')],
  ['a window of 256 MiB', Buffer.from('28b52ffd0090010000', 'hex')],
  ['2^64 bytes', Buffer.from('28b52ffde0ffffffffffffffff010000', 'hex')],
  ['a dictionary', Buffer.from('28b52ffd2101000000010000', 'hex')],
  ['a skippable frame without end', Buffer.concat([Buffer.from('502a4d18ffffffff', 'hex'), Buffer.alloc(900_000)])],
  ['thousands of frames of nothing', Buffer.concat(Array(20_000).fill(empty))],
  ['a block of an unknown kind', Buffer.from('28b52ffd2005070000', 'hex')],
];

/** zstd, the compressor that clients choose. */
const cases: readonly ConformanceCase[] = [
  ...forms.map(([what, compress]) => ({
    name: `takes ${what}`,
    obligations: ['BSW-14'], // obligation: BSW-14
    run: asking(async (api) => {
      for (const sizeBytes of [4000, 500_000]) {
        for (const pieceBytes of [1, 1009, 3_000_000].filter((bytes) => bytes > 1 || sizeBytes < 10_000)) {
          const blob = textBlob(sizeBytes);
          const compressed = compress(blob.bytes);
          const committed = await api.write(
            requestsOf(compressedWriteName(blob.digest, 'zstd'), compressed, { pieceBytes }),
          );
          assert([compressed.byteLength, -1].includes(committed));
          await assertReadable(api, blob);
        }
      }
    }),
  })),
  ...hostile.map(([what, stream]) => ({
    name: `refuses a stream of zstd that asks for ${what}`,
    obligations: ['BSW-14', 'GEN-16'], // obligation: BSW-14, GEN-16
    run: asking(async (api) => {
      for (const sizeBytes of [5, 5_000_000]) {
        const blob = freshBlob(sizeBytes);
        const name = compressedWriteName(blob.digest, 'zstd');
        await api.ends(api.write(requestsOf(name, stream, { pieceBytes: 1_000_000 })), 'invalid_argument', 'internal');
        assert(!(await api.has(blob.digest)));
      }
    }),
  })),
  {
    name: 'asks of who reads zstd for a window of at most 8 MiB',
    obligations: ['BSR-16'], // obligation: BSR-16
    run: asking(async (api) => {
      const blob = freshBlob(20_000_000);
      await upload(api, blob);
      const frame = await api.read(compressedReadName(blob.digest, 'zstd'));
      assert.equal(frame.readUInt32LE(0), 0xfd2fb528);
      const isSingleSegment = (frame.readUInt8(4) & 0x20) !== 0;
      assert(!isSingleSegment && 10 + (frame.readUInt8(5) >> 3) <= 23);
    }),
  },
];

export const compressionZstd: readonly ConformanceCase[] = cases.map((each) => ({
  ...each,
  appliesTo: offering('zstd'),
}));
