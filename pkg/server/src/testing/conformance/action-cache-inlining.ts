import assert from 'node:assert/strict';
import { absentDigest, assertReadable, assertSame, blobOf, freshBlob, keyOf, upload } from './blobs.ts';
import { asking, type ConformanceCase } from './suite.ts';

/** What a result carries in itself, and who gets it so. */
export const actionCacheInlining: readonly ConformanceCase[] = [
  {
    name: 'puts nothing into a result that was not asked for',
    obligations: ['AC-6'], // obligation: AC-6
    run: asking(async (api) => {
      const [action, stdout, stderr, file] = [absentDigest(), freshBlob(10), freshBlob(20), freshBlob(30)];
      await upload(api, stdout, stderr, file);
      const outputFiles = [{ path: 'f', digest: file.digest }];
      await api.updateActionResult(action, { stdoutDigest: stdout.digest, stderrDigest: stderr.digest, outputFiles });
      const got = await api.getActionResult(action);
      assert.deepEqual([got.stdoutRaw.byteLength, got.stderrRaw.byteLength], [0, 0]);
      assert.equal(got.outputFiles[0]?.contents.byteLength, 0);
    }),
  },
  {
    name: 'puts into a result what was asked for, digests and all',
    obligations: ['AC-6', 'AC-7'], // obligation: AC-6, AC-7
    run: asking(async (api) => {
      const [action, stdout, stderr] = [absentDigest(), freshBlob(10), freshBlob(20)];
      const files = [freshBlob(30), freshBlob(31), freshBlob(32)];
      await upload(api, stdout, stderr, ...files);
      const outputFiles = files.map(({ digest }, i) => ({ path: `dir/f${i}`, digest }));
      await api.updateActionResult(action, { stdoutDigest: stdout.digest, stderrDigest: stderr.digest, outputFiles });
      const wanted = {
        inlineStdout: true,
        inlineStderr: true,
        inlineOutputFiles: ['dir/f1', 'nothing', 'dir/f', 'f2'],
      };
      const got = await api.getActionResult(action, wanted);
      assert.equal(keyOf(got.stdoutDigest), keyOf(stdout.digest));
      assert.equal(keyOf(got.outputFiles[1]?.digest), keyOf(files[1]?.digest));
      const inline = [got.stdoutRaw, got.stderrRaw, ...got.outputFiles.map(({ contents }) => contents)];
      const expected = [stdout.bytes, stderr.bytes, Buffer.of(), files[1]?.bytes ?? Buffer.of(), Buffer.of()];
      for (const [i, bytes] of inline.entries()) {
        if (api.isStrict || bytes.byteLength > 0) assertSame(bytes, expected[i] ?? Buffer.of());
      }
    }),
  },
  {
    name: 'leaves out of a result what would make it larger than every client accepts',
    obligations: ['AC-7', 'GEN-10'], // obligation: AC-7, GEN-10
    run: asking(async (api) => {
      const [action, stdout] = [absentDigest(), freshBlob(5 * 2 ** 20)];
      const files = [freshBlob(3 * 2 ** 20), freshBlob(3 * 2 ** 20), freshBlob(1000)];
      await upload(api, stdout, ...files);
      const outputFiles = files.map(({ digest }, i) => ({ path: `f${i}`, digest }));
      await api.updateActionResult(action, { stdoutDigest: stdout.digest, outputFiles });
      const inlineOutputFiles = outputFiles.map(({ path }) => path);
      const got = await api.getActionResult(action, { inlineStdout: true, inlineOutputFiles });
      assert.equal(got.stdoutRaw.byteLength, 0);
      assert.equal(keyOf(got.stdoutDigest), keyOf(stdout.digest));
      const sizes = got.outputFiles.map(({ contents }) => contents.byteLength);
      if (api.isStrict) assert.deepEqual(sizes, [3 * 2 ** 20, 0, 1000]);
    }),
  },
  {
    name: 'gives stdout that came without a digest in some form that can be read',
    obligations: ['AC-8', 'AC-6'], // obligation: AC-8, AC-6
    run: asking(async (api) => {
      const [action, stdout, stderr] = [absentDigest(), freshBlob(1000), freshBlob(2000)];
      await api.updateActionResult(action, { stdoutRaw: stdout.bytes, stderrRaw: stderr.bytes });
      const got = await api.getActionResult(action);
      for (const [raw, digest, blob] of [
        [got.stdoutRaw, got.stdoutDigest, stdout],
        [got.stderrRaw, got.stderrDigest, stderr],
      ] as const) {
        if (digest === undefined) assertSame(raw, blob.bytes);
        else {
          assert.equal(keyOf(digest), keyOf(blob.digest));
          await assertReadable(api, blob);
          if (api.isStrict) assert.equal(raw.byteLength, 0);
        }
      }
    }),
  },
  {
    name: 'makes blobs of a file’s contents',
    obligations: ['AC-8', 'AC-6'], // obligation: AC-8, AC-6
    run: asking(async (api) => {
      const [action, file] = [absentDigest(), blobOf(freshBlob(700).bytes)];
      const outputFiles = [{ path: 'f', digest: file.digest, contents: file.bytes }];
      const stored = await api.endsInAny(api.updateActionResult(action, { outputFiles }), 'ok', 'failed_precondition');
      if (stored !== 'ok') return;
      const code = await api.ends(api.getActionResult(action), 'ok', 'not_found');
      if (code === 'ok') await assertReadable(api, file);
    }),
  },
];
