import assert from 'node:assert/strict';
import { assertReadable, freshBlob, type Piece, piecesOf, writeName } from './blobs.ts';
import { asking, type ConformanceCase } from './suite.ts';
import { beginUpload } from './uploads.ts';

/** ByteStream.Write: what a stream of requests must be. */
export const byteStreamWriteRequests: readonly ConformanceCase[] = [
  {
    name: 'takes the name in the first request or in each, and no other one later',
    obligations: ['BSW-2'], // obligation: BSW-2
    run: asking(async (api) => {
      const [blob, other, nameless] = [freshBlob(200_000), freshBlob(200_000), freshBlob(100)];
      const name = writeName(blob.digest);
      const named = [...piecesOf(blob, name)].map((piece) => ({ ...piece, resourceName: name }));
      assert.equal(await api.write(named), 200_000);
      await assertReadable(api, blob);
      const renamed = [...piecesOf(other)].map((piece, i) =>
        i === 2 ? { ...piece, resourceName: writeName(other.digest) } : piece,
      );
      await api.ends(api.write(renamed), 'invalid_argument', 'ok');
      if (api.isStrict) assert(!(await api.has(other.digest)));
      await api.ends(api.write(piecesOf(nameless, '')), 'invalid_argument');
    }),
  },
  ...[-1, 1, -65_536, 2 ** 40].map((shift) => ({
    name: `refuses a request that is off by ${shift} bytes`,
    obligations: ['BSW-3'], // obligation: BSW-3
    run: asking(async (api) => {
      const blob = freshBlob(200_000);
      const shifted = [...piecesOf(blob)].map((piece, i) =>
        i === 1 ? { ...piece, writeOffset: piece.writeOffset + shift } : piece,
      );
      await api.ends(api.write(shifted), 'invalid_argument', 'out_of_range', 'failed_precondition', 'ok');
      if (api.isStrict) assert(!(await api.has(blob.digest)));
    }),
  })),
  {
    name: 'begins at 0, again and again under one name, and nowhere else',
    obligations: ['BSW-4', 'BSW-25'], // obligation: BSW-4, BSW-25
    run: asking(async (api) => {
      const blob = freshBlob(200_000);
      const name = writeName(blob.digest);
      const pieces = [...piecesOf(blob, name)];
      const late = pieces.slice(1).map((piece) => ({ ...piece, resourceName: name }));
      await api.ends(api.write(late), 'invalid_argument', 'out_of_range', 'failed_precondition', 'unknown');
      for (let round = 0; round < 3; round++) {
        const begun = beginUpload(api);
        for (const piece of pieces.slice(0, 2)) begun.send(piece);
        begun.cancel();
      }
      assert(!(await api.has(blob.digest)));
      assert.equal(await api.write(pieces), 200_000);
      await assertReadable(api, blob);
    }),
  },
  {
    name: 'refuses what follows finish_write, unless it has answered already',
    obligations: ['BSW-5'], // obligation: BSW-5
    run: asking(async (api) => {
      const blob = freshBlob(100_000);
      const pieces: Partial<Piece>[] = [...piecesOf(blob), { writeOffset: 100_000, finishWrite: true }];
      const code = await api.endsInAny(api.write(pieces), 'invalid_argument', 'ok');
      if (code === 'ok') await assertReadable(api, blob);
    }),
  },
  {
    name: 'refuses more bytes, or fewer, than the name says',
    obligations: ['BSW-7'], // obligation: BSW-7
    run: asking(async (api) => {
      for (const sizeBytes of [100, 300_000]) {
        const blob = freshBlob(sizeBytes);
        for (const bytes of [Buffer.concat([blob.bytes, Buffer.of(1)]), blob.bytes.subarray(1), Buffer.of()]) {
          await api.ends(api.write(piecesOf({ ...blob, bytes })), 'invalid_argument', 'out_of_range');
          assert(!(await api.has(blob.digest)));
        }
      }
    }),
  },
  {
    name: 'refuses too many bytes as soon as they come',
    obligations: ['BSW-7'], // obligation: BSW-7
    run: asking(async (api) => {
      const blob = freshBlob(1000);
      const begun = beginUpload(api);
      begun.send({ resourceName: writeName(blob.digest), data: freshBlob(1001).bytes });
      await api.ends(begun.answer, 'invalid_argument', 'out_of_range'); // Nobody has half-closed.
    }),
  },
  {
    name: 'does not take the end of the stream for finish_write',
    obligations: ['BSW-8'], // obligation: BSW-8
    run: asking(async (api) => {
      for (const pieces of [1, 4]) {
        const blob = freshBlob(200_000);
        const unfinished = [...piecesOf(blob)].slice(0, pieces).map((piece) => ({ ...piece, finishWrite: false }));
        await api.ends(api.write(unfinished), 'invalid_argument', 'ok', 'unknown', 'aborted', 'cancelled');
        if (pieces < 4 || api.isStrict) assert(!(await api.has(blob.digest)));
      }
      if (api.isStrict) await api.ends(api.write([]), 'invalid_argument');
    }),
  },
  {
    name: 'takes empty requests anywhere, the last one too',
    obligations: ['BSW-9'], // obligation: BSW-9
    run: asking(async (api) => {
      const blob = freshBlob(200_000);
      const pieces: Partial<Piece>[] = [{ resourceName: writeName(blob.digest) }];
      for (const { writeOffset, data } of piecesOf(blob)) {
        pieces.push({ writeOffset }, { writeOffset, data }, { writeOffset: writeOffset + data.byteLength });
      }
      pieces.push({ writeOffset: 200_000, finishWrite: true });
      assert.equal(await api.write(pieces), 200_000);
      await assertReadable(api, blob);
    }),
  },
];
