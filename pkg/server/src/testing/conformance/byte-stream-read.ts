import assert from 'node:assert/strict';
import { methodPath } from '@gorego/proto';
import { ByteStreamDefinition as stream } from '@gorego/proto/google/bytestream/bytestream';
import { readOne } from './batches.ts';
import {
  absentDigest,
  assertReadable,
  assertSame,
  blobOf,
  freshBlob,
  piecesOf,
  readName,
  upload,
  writeName,
} from './blobs.ts';
import { encoded } from './reapi.ts';
import { asking, type ConformanceCase, functionsOf } from './suite.ts';

const hash = 'ab'.repeat(32);

/** Names that name no blob to read. */
const malformed: readonly string[] = [
  '',
  '/',
  'blobs',
  'blobs/',
  `blobs/${hash}`,
  `blobs/${hash}/`,
  `blobs/${hash}/x`,
  `blobs/${hash}/-5`,
  `blobs/${hash}/+5`,
  `blobs/${hash}/5.0`,
  `blobs/${hash}/05`,
  `blobs/${hash}/0x5`,
  `blobs/${hash}/ 5`,
  `blobs/${hash}/99999999999999999999999`,
  `blobs/${hash.slice(1)}/5`,
  `blobs/${hash.toUpperCase()}/5`,
  `blobs/../../../etc/passwd/5`,
  `blobs/..%2f${hash.slice(5)}/5`,
  `blobs//${hash}/5`,
  `blob/${hash}/5`,
  `${hash}/5`,
  `uploads/2c0c9b3a-6a3f-4b53-8dc6-bd0ff1d4b1d1/blobs/${hash}/5`,
  `compressed-blobs/${hash}/5`,
  `compressed-blobs/identity/${hash}/5`,
  `compressed-blobs/nonsense/${hash}/5`,
  `actions/blobs/${hash}/5`,
  `a/operations/b/blobs/${hash}/5`,
  `a//b/blobs/${hash}/5`,
  `a\nb/blobs/${hash}/5`,
];

/** ByteStream.Read. */
export const byteStreamRead: readonly ConformanceCase[] = [
  ...[1, 1000, 65_535, 65_536, 65_537, 1_048_576, 5_000_003].map((sizeBytes) => ({
    name: `gives ${sizeBytes} bytes as they are`,
    obligations: ['BSR-1', 'GEN-10'], // obligation: BSR-1, GEN-10
    run: asking(async (api) => {
      const blob = freshBlob(sizeBytes);
      await upload(api, blob);
      await assertReadable(api, blob);
    }),
  })),
  {
    name: 'shares the blobs of an instance between streams and batches, slashes in its name or not',
    obligations: ['BSR-2'], // obligation: BSR-2
    run: asking(async (api) => {
      for (const instanceName of api.subject.instances) {
        const blob = freshBlob(3000);
        await api.write(piecesOf(blob, writeName(blob.digest, { instance: instanceName })));
        assertSame(await api.read(readName(blob.digest, instanceName)), blob.bytes);
        assert.deepEqual(await api.findMissing([blob.digest], { instanceName }), []);
        if (instanceName === '') assertSame(await readOne(api, blob.digest), blob.bytes);
      }
    }),
  },
  {
    name: 'takes a leading slash for the empty instance',
    obligations: ['BSR-3'], // obligation: BSR-3
    run: asking(async (api) => {
      const blob = freshBlob(300);
      assert.equal(await api.write(piecesOf(blob, `/${writeName(blob.digest)}`)), 300);
      assertSame(await api.read(`/${readName(blob.digest)}`), blob.bytes);
      await assertReadable(api, blob);
    }),
  },
  ...malformed.map((name) => ({
    name: `refuses to read ${JSON.stringify(name.replace(hash, '<hash>'))}`,
    obligations: ['BSR-4', 'BSW-21', 'GEN-13'], // obligation: BSR-4, BSW-21, GEN-13
    run: asking(async (api) => {
      await api.ends(api.read(name), 'invalid_argument', 'not_found', 'unimplemented');
    }),
  })),
  {
    name: 'refuses a name with something after the size',
    obligations: ['BSR-4'], // obligation: BSR-4
    run: asking(async (api) => {
      const blob = freshBlob(30);
      await upload(api, blob);
      await api.ends(api.read(`${readName(blob.digest)}/more`), 'invalid_argument', 'ok');
    }),
  },
  {
    name: 'tells the function that a name names, and gives no other’s blobs',
    obligations: ['BSR-5', 'GEN-7'], // obligation: BSR-5, GEN-7
    run: asking(async (api) => {
      const blob = freshBlob(30);
      await upload(api, blob);
      const rest = `${blob.digest.hash}/30`;
      await api.ends(api.read(`blobs/sha256/${rest}`), 'ok', 'invalid_argument');
      for (const name of ['blake3', 'sha256tree', 'sha1', 'gitsha1', 'murmur3', 'nonsense', 'constructor']) {
        const isOther = (name === 'blake3' || name === 'sha256tree') && functionsOf(api.subject).includes(name);
        await api.ends(
          api.read(`blobs/${name}/${rest}`),
          isOther ? 'not_found' : 'invalid_argument',
          'invalid_argument',
          'not_found',
        );
      }
    }),
  },
  {
    name: 'says of a blob that is not here that it is not, and nothing else',
    obligations: ['BSR-6'], // obligation: BSR-6
    run: asking(async (api) => {
      await api.ends(api.read(readName(absentDigest())), 'not_found');
      await api.ends(api.read(readName(absentDigest()), 10, 10), 'not_found');
    }),
  },
  ...[1000, 300_000].map((sizeBytes) => ({
    name: `gives any part of ${sizeBytes} bytes`,
    obligations: ['BSR-7', 'BSR-8'], // obligation: BSR-7, BSR-8
    run: asking(async (api) => {
      const blob = freshBlob(sizeBytes);
      await upload(api, blob);
      const ranges = [
        [1, 0],
        [sizeBytes - 1, 0],
        [sizeBytes, 0],
        [0, 1],
        [0, sizeBytes],
        [0, sizeBytes + 1],
        [500, 100],
        [500, Number.MAX_SAFE_INTEGER],
        [sizeBytes - 1, 1],
        [sizeBytes, 5],
      ] as const;
      for (const [offset, limit] of ranges) {
        const end = limit === 0 ? sizeBytes : Math.min(sizeBytes, offset + limit);
        assertSame(await api.read(readName(blob.digest), offset, limit), blob.bytes.subarray(offset, end));
      }
    }),
  })),
  {
    name: 'refuses parts that are none',
    obligations: ['BSR-7', 'BSR-8'], // obligation: BSR-7, BSR-8
    run: asking(async (api) => {
      const blob = freshBlob(1000);
      await upload(api, blob);
      const read = (offset: number, limit = 0): Promise<Buffer> => api.read(readName(blob.digest), offset, limit);
      for (const offset of [1001, 2 ** 40, -1, Number.MIN_SAFE_INTEGER]) {
        await api.ends(read(offset), 'out_of_range', 'invalid_argument');
      }
      for (const limit of [-1, Number.MIN_SAFE_INTEGER]) {
        await api.ends(read(0, limit), 'invalid_argument', 'out_of_range');
      }
    }),
  },
  {
    name: 'gives a slow reader everything',
    obligations: ['BSR-15'], // obligation: BSR-15
    run: asking(async (api) => {
      const blob = freshBlob(3_000_000);
      await upload(api, blob);
      const request = encoded(stream, 'read', { resourceName: readName(blob.digest) });
      const call = api.raw.bidi(methodPath(stream, 'read'));
      call.end(Buffer.from(request));
      const parts: Uint8Array[] = [];
      for await (const message of call) {
        parts.push(stream.methods.read.responseType.decode(message as Buffer).data);
        await new Promise((resolve) => setTimeout(resolve, 2)); // Slower than it comes.
      }
      assert.deepEqual(blobOf(Buffer.concat(parts)).digest, blob.digest);
    }),
  },
  {
    name: 'lets a reader go in the middle, and goes on',
    obligations: ['BSR-15', 'GEN-15'], // obligation: BSR-15, GEN-15
    run: asking(async (api) => {
      const blob = freshBlob(4_000_000);
      await upload(api, blob);
      const request = Buffer.from(encoded(stream, 'read', { resourceName: readName(blob.digest) }));
      const leave = async (): Promise<void> => {
        const call = api.raw.bidi(methodPath(stream, 'read'));
        call.on('error', () => {});
        call.end(request);
        await new Promise((resolve) => call.once('data', resolve));
        call.cancel();
      };
      await Promise.all(Array.from({ length: 50 }, leave));
      await assertReadable(api, blob);
    }),
  },
];
