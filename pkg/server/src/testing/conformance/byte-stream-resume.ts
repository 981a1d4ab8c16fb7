import assert from 'node:assert/strict';
import { assertReadable, type Blob, freshBlob, piecesOf, writeName } from './blobs.ts';
import { type Compressor, compressedWriteName, compressors, requestsOf, textBlob } from './compressors.ts';
import { Reapi } from './reapi.ts';
import { asking, type ConformanceCase, offering } from './suite.ts';
import { type BegunUpload, beginUpload } from './uploads.ts';

const sizeBytes = 400_000;
/** As much as the first Write sends. */
const sentBytes = 4 * 64 * 1024;

/** Waits until a server has taken as much of an upload as it should. */
async function progressed(api: Reapi, name: string, isEnough: (committedSize: number) => boolean): Promise<number> {
  for (;;) {
    const { committedSize, complete } = await api.queryWriteStatus(name);
    assert(!complete);
    if (isEnough(committedSize)) return committedSize;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Begins a Write of which a server has all that was sent. */
async function partly(api: Reapi, blob: Blob, name: string): Promise<BegunUpload> {
  const begun = beginUpload(api);
  for (const piece of [...piecesOf(blob, name)].slice(0, sentBytes / (64 * 1024))) begun.send(piece);
  await progressed(api, name, (committedSize) => committedSize === sentBytes);
  return begun;
}

/** The same, cut off. */
async function cutOff(api: Reapi, blob: Blob, name: string): Promise<void> {
  const begun = await partly(api, blob, name);
  begun.cancel();
  await api.endsInAny(begun.answer, 'cancelled');
}

async function assertAt(
  api: Reapi,
  name: string,
  ...expected: [committedSize: number, complete: boolean]
): Promise<void> {
  const { committedSize, complete } = await api.queryWriteStatus(name);
  assert.deepEqual([committedSize, complete], expected);
}

function goOn(api: Reapi, { bytes }: Blob, name: string, from = sentBytes): Promise<number> {
  return api.write(requestsOf(name, bytes.subarray(from), { writeOffset: from }));
}

const compressedCases = (compressor: Compressor): ConformanceCase => ({
  name: `goes on with an upload by ${compressor.name}, from the uncompressed byte it says, in a stream of its own`,
  obligations: ['BSW-15', 'BSW-13', 'BSQ-3'], // obligation: BSW-15, BSW-13, BSQ-3
  appliesTo: offering(compressor.name),
  run: async (subject) => {
    const blob = textBlob(3_000_000);
    const name = compressedWriteName(blob.digest, compressor.name);
    using first = new Reapi(subject);
    const begun = beginUpload(first);
    const requests = [...requestsOf(name, compressor.compress(blob.bytes))];
    for (const request of requests.slice(0, -5)) begun.send(request);
    await progressed(first, name, (committedSize) => committedSize > 0);
    begun.cancel();
    await first.endsInAny(begun.answer, 'cancelled');
    using second = new Reapi(subject);
    const { committedSize } = await second.queryWriteStatus(name);
    assert(committedSize > 0 && committedSize < blob.bytes.byteLength);
    const rest = compressor.compress(blob.bytes.subarray(committedSize));
    const committed = await second.write(requestsOf(name, rest, { writeOffset: committedSize }));
    assert([committedSize + rest.byteLength, -1].includes(committed));
    await assertReadable(second, blob);
  },
});

const cases: readonly ConformanceCase[] = [
  {
    name: 'goes on with an upload that was cut off, on another connection',
    obligations: ['BSW-4', 'BSW-25', 'BSQ-3'], // obligation: BSW-4, BSW-25, BSQ-3
    run: async (subject) => {
      const blob = freshBlob(sizeBytes);
      const name = writeName(blob.digest);
      {
        using first = new Reapi(subject);
        await partly(first, blob, name);
      } // The connection is gone, and nobody has said a word.
      using second = new Reapi(subject);
      await assertAt(second, name, sentBytes, false);
      assert(!(await second.has(blob.digest)));
      assert.equal(await goOn(second, blob, name), sizeBytes);
      await assertAt(second, name, sizeBytes, true);
      await assertReadable(second, blob);
    },
  },
  {
    name: 'goes on where an upload is, nowhere else, and forgets nothing over it',
    obligations: ['BSW-4'], // obligation: BSW-4
    run: asking(async (api) => {
      const blob = freshBlob(sizeBytes);
      const name = writeName(blob.digest);
      await cutOff(api, blob, name);
      for (const offset of [1, sentBytes - 1, sentBytes + 1, sizeBytes, -1]) {
        await api.ends(goOn(api, blob, name, offset), 'invalid_argument', 'out_of_range', 'failed_precondition');
      }
      await api.ends(goOn(api, blob, writeName(blob.digest)), 'invalid_argument', 'out_of_range');
      assert.equal((await api.queryWriteStatus(name)).committedSize, sentBytes);
      assert.equal(await goOn(api, blob, `/${name}/metadata`), sizeBytes);
      await assertReadable(api, blob);
    }),
  },
  {
    name: 'begins anew at 0, whatever there is already',
    obligations: ['BSW-4'], // obligation: BSW-4
    run: asking(async (api) => {
      const blob = freshBlob(sizeBytes);
      const name = writeName(blob.digest);
      await cutOff(api, { ...blob, bytes: freshBlob(sizeBytes).bytes }, name);
      await cutOff(api, blob, name);
      assert.equal(await api.write(piecesOf(blob, name)), sizeBytes);
      await assertReadable(api, blob);
    }),
  },
  {
    name: 'lets a second Write take over from one that has not noticed its end',
    obligations: ['BSW-4', 'BSW-18'], // obligation: BSW-4, BSW-18
    run: asking(async (api) => {
      const blob = freshBlob(sizeBytes);
      const name = writeName(blob.digest);
      const begun = await partly(api, blob, name);
      assert.equal(await goOn(api, blob, name), sizeBytes);
      await api.endsInAny(begun.answer, 'aborted', 'ok');
      await assertReadable(api, blob);
    }),
  },
  {
    name: 'takes nothing but finish_write for the end of an upload that has all its bytes',
    obligations: ['BSW-8', 'BSW-9', 'BSQ-4'], // obligation: BSW-8, BSW-9, BSQ-4
    run: asking(async (api) => {
      const blob = freshBlob(sizeBytes);
      const resourceName = writeName(blob.digest);
      const unfinished = [...piecesOf(blob, resourceName)].map((piece) => ({ ...piece, finishWrite: false }));
      await api.ends(api.write(unfinished), 'invalid_argument', 'ok');
      await assertAt(api, resourceName, sizeBytes, false);
      assert(!(await api.has(blob.digest)));
      assert.equal(await api.write([{ resourceName, writeOffset: sizeBytes, finishWrite: true }]), sizeBytes);
      await assertReadable(api, blob);
    }),
  },
  {
    name: 'forgets an upload whose bytes are wrong in the end',
    obligations: ['BSW-6'], // obligation: BSW-6
    run: asking(async (api) => {
      const blob = freshBlob(sizeBytes);
      const name = writeName(blob.digest);
      await cutOff(api, { ...blob, bytes: freshBlob(sizeBytes).bytes }, name);
      await api.ends(goOn(api, blob, name), 'invalid_argument');
      await assertAt(api, name, 0, false);
      assert(!(await api.has(blob.digest)));
      assert.equal(await api.write(piecesOf(blob, name)), sizeBytes);
    }),
  },
  ...compressors.map(compressedCases),
];

/** ByteStream.Write, by several Writes one after another. */
export const byteStreamResume: readonly ConformanceCase[] = cases.map((each) => ({
  ...each,
  appliesTo: (subject) => offering('resume')(subject) && (each.appliesTo?.(subject) ?? true),
}));
