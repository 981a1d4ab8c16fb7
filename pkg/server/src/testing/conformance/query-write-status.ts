import assert from 'node:assert/strict';
import { absentDigest, assertReadable, emptyBlob, freshBlob, piecesOf, upload, writeName } from './blobs.ts';
import { codeOf, type Reapi } from './reapi.ts';
import { asking, type ConformanceCase } from './suite.ts';
import { beginUpload } from './uploads.ts';

/** How far an upload is. A server that keeps no such thing may say so in several ways. */
async function progress(api: Reapi, name: string): Promise<{ committedSize: number; complete: boolean }> {
  return api.queryWriteStatus(name).catch((reason: unknown) => {
    assert(!api.isStrict && ['not_found', 'unimplemented'].includes(codeOf(reason)));
    return { committedSize: 0, complete: false };
  });
}

function assertBegins({ committedSize, complete }: { committedSize: number; complete: boolean }): void {
  assert.deepEqual([committedSize, complete], [0, false]);
}

/** ByteStream.QueryWriteStatus. */
export const queryWriteStatus: readonly ConformanceCase[] = [
  {
    name: 'says of an unknown upload that it is to begin',
    obligations: ['BSQ-1'], // obligation: BSQ-1
    run: asking(async (api) => {
      for (const instance of api.subject.instances) {
        assertBegins(await progress(api, writeName(absentDigest(), { instance })));
      }
    }),
  },
  {
    name: 'says of a blob that is here that it is complete, whoever uploaded it',
    obligations: ['BSQ-2'], // obligation: BSQ-2
    run: asking(async (api) => {
      const blob = freshBlob(1000);
      const name = writeName(blob.digest);
      await api.write(piecesOf(blob, name));
      for (const each of [name, writeName(blob.digest), `/${name}`, `${name}/metadata`]) {
        const { committedSize, complete } = await progress(api, each);
        if (api.isStrict || complete) assert.deepEqual([committedSize, complete], [1000, true]);
      }
      if (api.isStrict) assert.equal((await api.queryWriteStatus(writeName(emptyBlob.digest))).complete, true);
    }),
  },
  {
    name: 'never goes back, and what it says is where a Write can go on',
    obligations: ['BSQ-3', 'BSW-4', 'BSW-25'], // obligation: BSQ-3, BSW-4, BSW-25
    run: asking(async (api) => {
      const blob = freshBlob(300_000);
      const name = writeName(blob.digest);
      const begun = beginUpload(api);
      let before = 0;
      for (const piece of [...piecesOf(blob, name)].slice(0, -1)) {
        begun.send(piece);
        const { committedSize, complete } = await progress(api, name);
        assert(committedSize >= before && !complete);
        before = committedSize;
      }
      begun.cancel();
      await begun.answer.catch(() => {});
      const { committedSize } = await progress(api, name);
      const rest = [...piecesOf(blob, name)].filter(({ writeOffset }) => writeOffset >= committedSize);
      await api.write(rest.map((piece) => ({ ...piece, resourceName: name })));
      await assertReadable(api, blob);
    }),
  },
  {
    name: 'lets a Write go on from the end of a blob that is here',
    obligations: ['BSW-4', 'BSQ-2', 'BSQ-3'], // obligation: BSW-4, BSQ-2, BSQ-3
    run: asking(async (api) => {
      const blob = freshBlob(1000);
      await upload(api, blob);
      const resourceName = writeName(blob.digest);
      const { committedSize, complete } = await progress(api, resourceName);
      if (!complete) return; // It doesn't say so: a fair server need not.
      for (const finishWrite of [true, false]) {
        assert.equal(await api.write([{ resourceName, writeOffset: committedSize, finishWrite }]), 1000);
      }
    }),
  },
  {
    name: 'says complete only when finish_write was processed',
    obligations: ['BSQ-4'], // obligation: BSQ-4
    run: asking(async (api) => {
      const blob = freshBlob(100_000);
      const name = writeName(blob.digest);
      const begun = beginUpload(api);
      begun.send({ resourceName: name, data: blob.bytes });
      assert.equal((await progress(api, name)).complete, false);
      begun.send({ writeOffset: 100_000, finishWrite: true });
      assert.equal(await begun.answer, 100_000);
      if (api.isStrict) assert.equal((await progress(api, name)).complete, true);
    }),
  },
];
