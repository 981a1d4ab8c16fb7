import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { ActionResult, type DeepPartial } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { BlobReader, MemoryBlobs } from '@gorego/storage';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { messageBytesMax } from '../limits.ts';
import { DigestFunctions, digestMessage } from '../wire-digest.ts';
import { inlined, isAnythingWanted, type Wanted } from './inlined.ts';

const ctx = background();
const functions = new DigestFunctions(['sha256']);
const all: Wanted = { inlineStdout: true, inlineStderr: true, inlineOutputFiles: ['a', 'b'] };
const nothing: Wanted = { inlineStdout: false, inlineStderr: false, inlineOutputFiles: [] };

let blobs: MemoryBlobs;
beforeEach(() => {
  blobs = new MemoryBlobs();
});

async function kept(text: string): Promise<{ hash: string; sizeBytes: number }> {
  const bytes = Buffer.from(text);
  await blobs.put(ctx, Digest.ofBytes(bytes), BlobReader.ofBytes(bytes));
  return digestMessage(Digest.ofBytes(bytes));
}

function inline(result: DeepPartial<ActionResult>, wanted: Wanted, encodedBytes = 0): Promise<ActionResult> {
  const message = ActionResult.fromPartial(result);
  return inlined(ctx, message, encodedBytes, wanted, blobs, (digest) => functions.digest(digest, 'sha256'));
}

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

// obligation: AC-6, AC-7
describe('inlined', () => {
  test('puts in what is wanted, and leaves the digests', async () => {
    const stdoutDigest = await kept('out');
    const outputFiles = [
      { path: 'a', digest: await kept('file a') },
      { path: 'c', digest: await kept('file c') },
    ];
    const got = await inline({ stdoutDigest, outputFiles }, all);
    expect([text(got.stdoutRaw), text(got.stderrRaw)]).toEqual(['out', '']);
    expect(got.outputFiles.map(({ contents }) => text(contents))).toEqual(['file a', '']);
    expect(got.stdoutDigest).toMatchObject(stdoutDigest);
  });

  test('leaves out what has gone', async () => {
    const gone = digestMessage(Digest.ofBytes(Buffer.from('gone')));
    const got = await inline({ stdoutDigest: gone, stderrDigest: await kept('err') }, all);
    expect([text(got.stdoutRaw), text(got.stderrRaw)]).toEqual(['', 'err']);
  });

  test('fills a message and no more', async () => {
    const large = 'x'.repeat(1000);
    const outputFiles = [
      { path: 'a', digest: await kept(large) },
      { path: 'b', digest: await kept('small') },
    ];
    const full = messageBytesMax - 64 * 1024;
    const sizes = async (encodedBytes: number): Promise<number[]> =>
      (await inline({ outputFiles }, all, encodedBytes)).outputFiles.map(({ contents }) => contents.byteLength);
    expect(await sizes(full - 2000)).toEqual([1000, 5]);
    expect(await sizes(full - 500)).toEqual([0, 5]);
    expect(await sizes(full)).toEqual([0, 0]);
    expect(await sizes(messageBytesMax)).toEqual([0, 0]);
  });

  test.each<[Wanted, boolean]>([
    [nothing, false],
    [{ ...nothing, inlineStdout: true }, true],
    [{ ...nothing, inlineStderr: true }, true],
    [{ ...nothing, inlineOutputFiles: ['a'] }, true],
  ])('knows whether anything is wanted by %j', (wanted, expected) => {
    expect(isAnythingWanted(wanted)).toBe(expected);
  });
});
