import assert from 'node:assert/strict';
import type { DigestMessage } from '../../wire-digest.ts';
import { uploadSmall } from './batches.ts';
import { absentDigest, emptyBlob, freshBlob, piecesOf, upload, writeName } from './blobs.ts';
import { asking, type ConformanceCase } from './suite.ts';
import { beginUpload } from './uploads.ts';

const shuffled = (digests: readonly DigestMessage[]): DigestMessage[] =>
  digests.toSorted((a, b) => (a.hash < b.hash ? -1 : 1));

/** FindMissingBlobs. */
export const findMissing: readonly ConformanceCase[] = [
  {
    name: 'lists exactly what is absent, by the digests that were asked for',
    obligations: ['FMB-1'], // obligation: FMB-1
    run: asking(async (api) => {
      const here = Array.from({ length: 30 }, (_, i) => freshBlob(50 + i));
      await uploadSmall(api, here);
      const absent = Array.from({ length: 30 }, (_, i) => absentDigest(i + 1));
      const asked = shuffled([...here.map(({ digest }) => digest), ...absent]);
      assert.deepEqual(shuffled(await api.findMissing(asked)), shuffled(absent));
    }),
  },
  {
    name: 'lists nothing when nothing is asked',
    obligations: ['FMB-2'], // obligation: FMB-2
    run: asking(async (api) => assert.deepEqual(await api.findMissing([]), [])),
  },
  {
    name: 'lists once what is asked for twice',
    obligations: ['FMB-3'], // obligation: FMB-3
    run: asking(async (api) => {
      const [a, b] = [absentDigest(), absentDigest()];
      const missing = await api.findMissing([a, b, a, b, a]);
      assert.deepEqual(new Set(missing.map(({ hash }) => hash)), new Set([a.hash, b.hash]));
      assert(missing.length === 2 || !api.isStrict);
    }),
  },
  {
    name: 'never lists the empty blob, whatever is asked beside it',
    obligations: ['FMB-4'], // obligation: FMB-4
    run: asking(async (api) => {
      const absent = absentDigest();
      assert.deepEqual(await api.findMissing([emptyBlob.digest, absent, emptyBlob.digest]), [absent]);
    }),
  },
  {
    name: 'answers nothing of a request with one malformed digest',
    obligations: ['FMB-5', 'FMB-10'], // obligation: FMB-5, FMB-10
    run: asking(async (api) => {
      const good = [absentDigest(), absentDigest()];
      for (const hash of ['', 'abc', 'AB'.repeat(32), 'ab'.repeat(20)]) {
        await api.ends(api.findMissing([...good, { hash, sizeBytes: 5 }]), 'invalid_argument');
        await api.ends(api.findMissing([{ hash, sizeBytes: 5 }, ...good]), 'invalid_argument');
      }
    }),
  },
  {
    name: 'answers as much at once as clients ask',
    obligations: ['FMB-7'], // obligation: FMB-7
    run: asking(async (api) => {
      const blobs = Array.from({ length: 50 }, () => freshBlob(60));
      await uploadSmall(api, blobs);
      const absent = Array.from({ length: 15_000 }, () => absentDigest());
      const missing = await api.findMissing([...absent, ...blobs.map(({ digest }) => digest)]);
      assert.equal(missing.length, 15_000);
    }),
  },
  {
    name: 'refuses to be asked more than it could answer in a message that every client accepts',
    obligations: ['FMB-7', 'GEN-10'], // obligation: FMB-7, GEN-10
    run: asking(async (api) => {
      const absent = Array.from({ length: 70_000 }, () => absentDigest());
      await api.ends(api.findMissing(absent), 'invalid_argument', 'resource_exhausted');
      assert.equal((await api.findMissing(absent.slice(0, 10))).length, 10);
    }),
  },
  {
    name: 'lists a blob until its upload was answered, and not after',
    obligations: ['FMB-8'], // obligation: FMB-8
    run: asking(async (api) => {
      const blob = freshBlob(200_000);
      const begun = beginUpload(api);
      const pieces = [...piecesOf(blob)];
      for (const piece of pieces.slice(0, -1)) begun.send(piece);
      assert(!(await api.has(blob.digest)));
      begun.send(pieces.at(-1));
      assert.equal(await begun.answer, 200_000);
      assert(await api.has(blob.digest));
      const other = freshBlob(10);
      await upload(api, other);
      assert.deepEqual(await api.findMissing([blob.digest, other.digest]), []);
    }),
  },
  {
    name: 'does not take an announced upload for a blob',
    obligations: ['FMB-8'], // obligation: FMB-8
    run: asking(async (api) => {
      const digest = absentDigest(2 ** 50);
      const begun = beginUpload(api);
      begun.send({ resourceName: writeName(digest) });
      assert(!(await api.has(digest)));
      begun.cancel();
      assert(!(await api.has(digest)));
    }),
  },
];
