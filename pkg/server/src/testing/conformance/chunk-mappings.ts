import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  ContentAddressableStorageDefinition as cas,
  ChunkingFunction_Value as Fn,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { absentDigest, assertReadable, assertSame, blobOf, freshBlob, keyOf, upload } from './blobs.ts';
import { mappingOf, pieced, readAll, register } from './chunks.ts';
import { asking, type ConformanceCase, offering } from './suite.ts';

const random = (...sizes: readonly number[]) => sizes.map((size) => blobOf(randomBytes(size)));

/** GetChunkMapping and RegisterChunkMapping, of version 2.13. */
export const chunkMappings: readonly ConformanceCase[] = [
  {
    name: 'says of which chunks a blob is, as SplitBlob does',
    obligations: ['CM-1'], // obligation: CM-1
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const blob = blobOf(randomBytes(6_000_000));
      await upload(api, blob);
      const mapping = await mappingOf(api, blob.digest, Fn.FAST_CDC_2020);
      assertSame(await readAll(api, mapping.chunkDigests), blob.bytes);
      const split = await api.unary(cas, 'splitBlob', { blobDigest: blob.digest });
      assert.deepEqual(split.chunkDigests.map(keyOf), mapping.chunkDigests.map(keyOf));
      assert.equal(split.chunkingFunction, mapping.chunkingFunction);
    }),
  },
  {
    name: 'has no mapping of a blob that is not there',
    obligations: ['CM-2'], // obligation: CM-2
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      await api.ends(mappingOf(api, absentDigest(5_000_000)), 'not_found');
      await api.ends(mappingOf(api, { hash: 'abc', sizeBytes: 1 }), 'invalid_argument');
      const small = freshBlob(100);
      await upload(api, small);
      await api.ends(mappingOf(api, small.digest, 99), 'invalid_argument', 'ok');
    }),
  },
  {
    name: 'takes a list in as many requests as it comes in, what it is of in the first',
    obligations: ['CM-3'], // obligation: CM-3
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const blob = pieced(...random(500_000, 200_000, 300_000));
      await upload(api, ...blob.pieces);
      const [a, b, c] = blob.digests;
      const answer = await register(api, [
        { blobDigest: blob.whole.digest, digestFunction: 1, chunkingFunction: Fn.FAST_CDC_2020 },
        { chunkDigests: [a, b] as never, blobDigest: absentDigest(), digestFunction: 1, chunkingFunction: 99 as Fn },
        {},
        { chunkDigests: [c] as never, instanceName: 'blobs' },
      ]);
      assert.equal(keyOf(answer), keyOf(blob.whole.digest));
      await assertReadable(api, blob.whole);
      const mapping = await mappingOf(api, blob.whole.digest);
      assert.deepEqual(mapping.chunkDigests.map(keyOf), blob.digests.map(keyOf));
      assert.equal(mapping.chunkingFunction, Fn.FAST_CDC_2020);
      await api.endsInAny(
        register(api, [{ blobDigest: blob.whole.digest, chunkDigests: [...blob.digests] }]),
        'ok',
        'already_exists',
      );
    }),
  },
  {
    name: 'refuses a list that is not the blob, or of nothing, and shows nothing of it',
    obligations: ['CM-4'], // obligation: CM-4
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const blob = pieced(...random(200_000, 200_000));
      const [a, b] = blob.digests;
      await upload(api, ...blob.pieces.slice(1));
      const blobDigest = blob.whole.digest;
      await api.ends(register(api, [{ blobDigest, chunkDigests: [a, b] as never }]), 'not_found');
      await upload(api, ...blob.pieces);
      await api.ends(register(api, [{ blobDigest, chunkDigests: [b, a] as never }]), 'invalid_argument');
      await api.ends(register(api, [{ blobDigest, chunkDigests: [a] as never }]), 'invalid_argument');
      await api.ends(register(api, [{ chunkDigests: [a, b] as never }, { blobDigest }]), 'invalid_argument');
      await api.ends(register(api, []), 'invalid_argument');
      assert.equal(await api.has(blobDigest), false);
    }),
  },
  {
    name: 'is part of the newest version that is announced',
    obligations: ['CM-5'], // obligation: CM-5
    appliesTo: offering('chunking'),
    run: asking(async (api) => {
      const { highApiVersion: high } = await api.capabilities();
      assert(!api.isStrict || (high?.major === 2 && high.minor === 13));
    }),
  },
];
