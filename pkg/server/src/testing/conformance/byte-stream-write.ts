import assert from 'node:assert/strict';
import {
  absentDigest,
  assertReadable,
  assertSame,
  emptyBlob,
  freshBlob,
  piecesOf,
  readName,
  upload,
  writeName,
} from './blobs.ts';
import { asking, type ConformanceCase, onlyStrict } from './suite.ts';
import { beginUpload } from './uploads.ts';

const hash = 'ab'.repeat(32);

/** Names that name no upload. */
const malformed: readonly string[] = [
  '',
  'uploads',
  'uploads/',
  `blobs/${hash}/5`,
  `uploads/blobs/${hash}/5`,
  `uploads/u/${hash}/5`,
  `uploads/u/blobs/${hash}`,
  `uploads/u/blobs/${hash}/-5`,
  `uploads/u/blobs/${hash}/five`,
  `uploads/u/blobs/${hash.slice(2)}/5`,
  `uploads/u/blobs/${hash.toUpperCase()}/5`,
  `uploads/u/blobs/../../../../etc/cron.d/x/5`,
  `uploads/u/compressed-blobs/identity/${hash}/5`,
  `uploads/u/compressed-blobs/nonsense/${hash}/5`,
];

/** Names that some servers make sense of. */
const irregular: readonly string[] = [
  `uploads//blobs/${hash}/5`,
  `capabilities/uploads/u/blobs/${hash}/5`,
  `a//uploads/u/blobs/${hash}/5`,
];

/** ByteStream.Write: what it keeps, and under which names. */
export const byteStreamWrite: readonly ConformanceCase[] = [
  ...[1, 1000, 65_536, 5_000_003].map((sizeBytes) => ({
    name: `keeps ${sizeBytes} bytes, in one message or many, and has them at once`,
    obligations: ['BSW-1', 'BSW-2', 'FMB-8'], // obligation: BSW-1, BSW-2, FMB-8
    run: asking(async (api) => {
      for (const pieceBytes of [16 * 1024, 999_999, 3 * 2 ** 20]) {
        const blob = freshBlob(sizeBytes);
        assert.equal(await api.write(piecesOf(blob, undefined, pieceBytes)), sizeBytes);
        await assertReadable(api, blob);
      }
    }),
  })),
  {
    name: 'refuses bytes that are not what they are called, keeps nothing of them, and takes the right ones then',
    obligations: ['BSW-6'], // obligation: BSW-6
    run: asking(async (api) => {
      for (const sizeBytes of [100, 300_000]) {
        const blob = freshBlob(sizeBytes);
        const name = writeName(blob.digest);
        await api.ends(api.write(piecesOf({ ...blob, bytes: freshBlob(sizeBytes).bytes }, name)), 'invalid_argument');
        assert(!(await api.has(blob.digest)));
        assert.deepEqual((await api.queryWriteStatus(name)).complete, false);
        assert.equal(await api.write(piecesOf(blob, name)), sizeBytes);
        await assertReadable(api, blob);
      }
    }),
  },
  {
    name: 'answers at once who begins to upload what is here',
    obligations: ['BSW-10'], // obligation: BSW-10
    run: asking(async (api) => {
      const blob = freshBlob(1_000_000);
      await upload(api, blob);
      const pieces = [...piecesOf(blob)];
      const begun = beginUpload(api);
      for (const piece of api.isStrict ? pieces.slice(0, 1) : pieces) begun.send(piece);
      assert.equal(await begun.answer, 1_000_000); // In strict mode nothing more was sent.
      assert.equal(await api.write(pieces), 1_000_000);
      assert.equal(await api.write(piecesOf(blob, undefined, 1_000_000)), 1_000_000);
    }),
  },
  {
    name: 'takes any uuid, of anybody, for several uploads at once',
    obligations: ['BSW-16', 'BSW-17'], // obligation: BSW-16, BSW-17
    run: asking(async (api) => {
      for (const uuid of [
        'b1a0fe3c-6b64-4f37-8d4f-0f38b2d3d1a5',
        'B1A0FE3C-6B64-4F37-8D4F-0F38B2D3D1A5',
        'session-1',
      ]) {
        const blobs = [freshBlob(300_000), freshBlob(300_000), freshBlob(70_000)];
        await Promise.all(blobs.map((blob) => api.write(piecesOf(blob, writeName(blob.digest, { uuid })))));
        for (const blob of blobs) await assertReadable(api, blob);
      }
    }),
  },
  {
    name: 'ignores what follows the size',
    obligations: ['BSW-19'], // obligation: BSW-19
    run: asking(async (api) => {
      for (const metadata of ['/foo', '/foo/bar', '/../..', '/blobs/uploads/5']) {
        const blob = freshBlob(300);
        assert.equal(await api.write(piecesOf(blob, `${writeName(blob.digest)}${metadata}`)), 300);
        await assertReadable(api, blob);
      }
    }),
  },
  {
    name: 'takes the empty blob',
    obligations: ['BSW-20'], // obligation: BSW-20
    run: asking(async (api) => {
      assert.equal(await api.write(piecesOf(emptyBlob)), 0);
      assert.equal(await api.write([{ resourceName: writeName(emptyBlob.digest) }, { finishWrite: true }]), 0);
    }),
  },
  ...[...malformed, ...irregular].map((resourceName) => ({
    appliesTo: irregular.includes(resourceName) ? onlyStrict : () => true,
    name: `refuses to write ${JSON.stringify(resourceName.replace(hash, '<hash>'))}`,
    obligations: ['BSW-21', 'BSQ-4', 'GEN-13'], // obligation: BSW-21, BSQ-4, GEN-13
    run: asking(async (api) => {
      const write = api.write([{ resourceName, data: Buffer.from('hello'), finishWrite: true }]);
      await api.ends(write, 'invalid_argument', 'unimplemented');
      await api.ends(api.queryWriteStatus(resourceName), 'invalid_argument', 'unimplemented');
    }),
  })),
  {
    name: 'commits a large blob soon after its last byte',
    obligations: ['BSW-24'], // obligation: BSW-24
    run: asking(async (api) => {
      const blob = freshBlob(32 * 1024 * 1024);
      assert.equal(await api.write(piecesOf(blob, undefined, 16 * 1024)), blob.digest.sizeBytes);
      assertSame(await api.read(readName(blob.digest), 33_000_000), blob.bytes.subarray(33_000_000));
    }),
  },
  {
    name: 'forgets an upload whose client left',
    obligations: ['GEN-15', 'BSW-25'], // obligation: GEN-15, BSW-25
    run: asking(async (api) => {
      const blob = freshBlob(500_000);
      const begun = beginUpload(api);
      for (const piece of [...piecesOf(blob)].slice(0, -1)) begun.send(piece);
      begun.cancel();
      await api.ends(begun.answer, 'cancelled');
      assert(!(await api.has(blob.digest)));
      await api.ends(api.read(readName(blob.digest)), 'not_found');
      await upload(api, blob);
      await assertReadable(api, blob);
      assert(!(await api.has(absentDigest())));
    }),
  },
];
