import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { ActionResult, type DeepPartial } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { MemoryBlobs } from '@gorego/storage';
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DigestFunctions, digestMessage } from '../wire-digest.ts';
import { deInlined } from './de-inlined.ts';
import { inlined } from './inlined.ts';

const ctx = background();
const functions = new DigestFunctions(['sha256']);
const all = { inlineStdout: true, inlineStderr: true, inlineOutputFiles: ['a'] };

let blobs: MemoryBlobs;
beforeEach(() => {
  blobs = new MemoryBlobs();
});

function deInline(result: DeepPartial<ActionResult>): Promise<ActionResult> {
  return deInlined(ctx, ActionResult.fromPartial(result), blobs, functions, 'sha256');
}

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

// obligation: AC-8
describe('deInlined', () => {
  test('makes blobs of what is inline, under the digests beside them', async () => {
    const [out, file] = [Buffer.from('out'), Buffer.from('file')];
    const got = await deInline({
      stdoutRaw: out,
      stderrDigest: digestMessage(Digest.ofBytes(Buffer.from('elsewhere'))),
      outputFiles: [{ path: 'a', digest: digestMessage(Digest.ofBytes(file)), contents: file }],
    });
    expect([got.stdoutRaw, got.outputFiles[0]?.contents].map(text)).toEqual(['', '']);
    expect(got.stdoutDigest).toEqual(digestMessage(Digest.ofBytes(out)));
    expect(await blobs.findMissing(ctx, new Set([out, file].map((bytes) => Digest.ofBytes(bytes))))).toEqual(new Set());
    expect(blobs.size).toBe(2);
  });

  test('names a file by its contents when nobody else does', async () => {
    const contents = Buffer.from('file');
    const { outputFiles } = await deInline({ outputFiles: [{ path: 'a', contents }] });
    expect(outputFiles[0]?.digest).toEqual(digestMessage(Digest.ofBytes(contents)));
    expect(blobs.has(Digest.ofBytes(contents))).toBe(true);
  });

  test.each<[string, DeepPartial<ActionResult>]>([
    ['stdout_raw', { stdoutRaw: Buffer.from('x'), stdoutDigest: digestMessage(Digest.empty('sha256')) }],
    ['stderr_raw', { stderrRaw: Buffer.from('x'), stderrDigest: digestMessage(Digest.empty('sha256')) }],
    [
      'output_files of "a"',
      { outputFiles: [{ path: 'a', contents: Buffer.from('x'), digest: digestMessage(Digest.empty('sha256')) }] },
    ],
  ])('refuses %s that is not what its digest says', async (where, result) => {
    await expect(deInline(result)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining(where),
    });
    expect(blobs.size).toBe(0);
  });

  test('is undone by inlined', async () => {
    const bytes = fc.uint8Array({ maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(bytes, bytes, bytes, async (stdoutRaw, stderrRaw, contents) => {
        const digest = digestMessage(Digest.ofBytes(contents));
        const stored = await deInline({ stdoutRaw, stderrRaw, outputFiles: [{ path: 'a', digest, contents }] });
        const got = await inlined(ctx, stored, 0, all, blobs, (message) => functions.digest(message, 'sha256'));
        expect(
          [got.stdoutRaw, got.stderrRaw, got.outputFiles[0]?.contents].map((raw) => Buffer.from(raw ?? [])),
        ).toEqual([stdoutRaw, stderrRaw, contents].map((raw) => Buffer.from(raw)));
      }),
    );
  });
});
