import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { ContentAddressableStorageDefinition as cas } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import {
  absentDigest,
  assertReadable,
  assertSame,
  blobOf,
  emptyBlob,
  freshBlob,
  keyOf,
  readName,
  upload,
  writeName,
} from './blobs.ts';
import { pieced, readAll, splice } from './chunks.ts';
import { asking, type ConformanceCase, offering } from './suite.ts';

/** Blobs that no server has seen, each other bytes throughout. */
const random = (...sizes: readonly number[]) => sizes.map((size) => blobOf(randomBytes(size)));

/** SpliceBlob: a blob made of chunks that are there. */
export const spliceBlob: readonly ConformanceCase[] = [
  {
    name: 'makes a blob of chunks, which can be read as any other',
    obligations: ['SPC-1'], // obligation: SPC-1
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      for (const sizes of [[1000, 1], [700_000, 131_072, 2_000_000, 9], [3_000_000]]) {
        const blob = pieced(...random(...sizes));
        await upload(api, ...blob.pieces);
        const { blobDigest } = await splice(api, blob);
        assert.equal(keyOf(blobDigest), keyOf(blob.whole.digest));
        assert.equal(await api.has(blob.whole.digest), true);
        await assertReadable(api, blob.whole);
        const { bytes, digest } = blob.whole;
        const middle = Math.floor(bytes.byteLength / 2);
        assertSame(await api.read(readName(digest), middle), bytes.subarray(middle));
        assertSame(await api.read(readName(digest), middle - 100, 600), bytes.subarray(middle - 100, middle + 500));
      }
    }),
  },
  {
    name: 'makes a blob that is in batches, in trees of results, and need not be uploaded',
    obligations: ['SPC-1'], // obligation: SPC-1
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const blob = pieced(...random(200_000, 300_000));
      await upload(api, ...blob.pieces);
      await splice(api, blob);
      const { bytes, digest } = blob.whole;
      const { responses } = await api.unary(cas, 'batchReadBlobs', { digests: [digest] });
      assertSame(responses[0]?.data ?? Buffer.of(), bytes);
      const data = bytes.subarray(0, 100);
      assert.equal(await api.write([{ resourceName: writeName(digest), data }]), digest.sizeBytes);
      const action = absentDigest();
      await api.updateActionResult(action, { outputFiles: [{ path: 'a', digest }] });
      assert.equal(keyOf((await api.getActionResult(action)).outputFiles[0]?.digest), keyOf(digest));
    }),
  },
  {
    name: 'has not found a chunk that is not there',
    obligations: ['SPC-2'], // obligation: SPC-2
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const blob = pieced(...random(100_000, 100_000));
      await upload(api, ...blob.pieces.slice(1));
      await api.ends(splice(api, blob), 'not_found');
      assert.equal(await api.has(blob.whole.digest), false);
    }),
  },
  {
    name: 'refuses chunks that are another blob, and shows nothing of it',
    obligations: ['SPC-2', 'SPC-3'], // obligation: SPC-2, SPC-3
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      for (const sizeBytes of [100, 100_000, 1_000_000]) {
        const [a, b] = random(sizeBytes, sizeBytes) as [ReturnType<typeof blobOf>, ReturnType<typeof blobOf>];
        await upload(api, a, b);
        const whole = absentDigest(2 * sizeBytes);
        const wrong = [
          { blobDigest: whole, chunkDigests: [a.digest, b.digest] },
          { blobDigest: pieced(a, b).whole.digest, chunkDigests: [b.digest, a.digest] },
          { blobDigest: pieced(a, b).whole.digest, chunkDigests: [a.digest] },
          { blobDigest: pieced(a, b).whole.digest, chunkDigests: [] },
        ];
        for (const request of wrong) {
          await api.ends(api.unary(cas, 'spliceBlob', request), 'invalid_argument');
          assert.equal(await api.has(request.blobDigest), false);
          await api.ends(api.read(readName(request.blobDigest)), 'not_found');
        }
      }
    }),
  },
  {
    name: 'wants to know what the chunks are to be',
    obligations: ['SPC-2'], // obligation: SPC-2
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const blob = freshBlob(100_000);
      await upload(api, blob);
      const chunkDigests = [blob.digest];
      await api.ends(api.unary(cas, 'spliceBlob', { chunkDigests }), 'invalid_argument');
      const malformed = { hash: 'abc', sizeBytes: 1 };
      await api.ends(api.unary(cas, 'spliceBlob', { blobDigest: malformed, chunkDigests }), 'invalid_argument');
      const request = { blobDigest: absentDigest(100_001), chunkDigests: [...chunkDigests, malformed] };
      await api.ends(api.unary(cas, 'spliceBlob', request), 'invalid_argument');
    }),
  },
  {
    name: 'takes a blob that is there already',
    obligations: ['SPC-3'], // obligation: SPC-3
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const blob = pieced(...random(150_000, 150_000));
      await upload(api, ...blob.pieces);
      await splice(api, blob);
      await api.endsInAny(splice(api, blob), 'ok', 'already_exists');
      const other = pieced(...random(150_000, 150_000));
      await upload(api, other.whole);
      await api.endsInAny(splice(api, other), 'already_exists', 'ok', 'not_found');
      await upload(api, ...other.pieces);
      await api.endsInAny(splice(api, other), 'ok', 'already_exists');
      await assertReadable(api, other.whole);
      const itself = { whole: other.whole, pieces: [other.whole], digests: [other.whole.digest] };
      await api.endsInAny(splice(api, itself), 'ok', 'already_exists');
      await assertReadable(api, other.whole);
    }),
  },
  {
    name: 'takes chunks in any order, again and again, and none for nothing',
    obligations: ['SPC-4', 'GEN-4'], // obligation: SPC-4, GEN-4
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const [a, b] = random(80_000, 90_000) as [ReturnType<typeof blobOf>, ReturnType<typeof blobOf>];
      await upload(api, a, b);
      for (const blob of [pieced(a, b, a, a), pieced(b, a), pieced(a, emptyBlob, b)]) {
        await splice(api, blob);
        await assertReadable(api, blob.whole);
      }
      await splice(api, { whole: emptyBlob, pieces: [], digests: [] });
      await splice(api, pieced(emptyBlob, emptyBlob));
    }),
  },
  {
    name: 'makes blobs of what is itself made of chunks, or a part',
    obligations: ['SPC-1', 'SPL-1'], // obligation: SPC-1, SPL-1
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const inner = pieced(...random(300_000, 400_000));
      await upload(api, ...inner.pieces);
      await splice(api, inner);
      const whole = blobOf(randomBytes(5_000_000));
      await upload(api, whole);
      const { chunkDigests } = await api.unary(cas, 'splitBlob', { blobDigest: whole.digest });
      const part = blobOf(await api.read(readName(chunkDigests[1] as { hash: string; sizeBytes: number })));
      const outer = pieced(part, inner.whole, part);
      await splice(api, outer);
      await assertReadable(api, outer.whole);
      const parts = pieced(part, part);
      await splice(api, parts);
      await assertReadable(api, parts.whole);
    }),
  },
  {
    name: 'remembers chunks that are the blob',
    obligations: ['SPC-5'], // obligation: SPC-5
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const blob = pieced(...random(1_000_000, 1_000_000, 1_500_000));
      await upload(api, ...blob.pieces);
      await api.unary(cas, 'spliceBlob', {
        blobDigest: blob.whole.digest,
        chunkDigests: [...blob.digests],
        chunkingFunction: 2,
        digestFunction: 1,
      });
      const answer = await api.unary(cas, 'splitBlob', { blobDigest: blob.whole.digest });
      assertSame(await readAll(api, answer.chunkDigests), blob.whole.bytes);
      if (!api.isStrict) return;
      assert.deepEqual(answer.chunkDigests.map(keyOf), blob.digests.map(keyOf));
      assert.equal(answer.chunkingFunction, 2);
    }),
  },
];
