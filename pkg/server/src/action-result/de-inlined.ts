import type { Context } from '@gorego/context';
import { Digest, type DigestFunctionName } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { ActionResult, OutputFile } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { BlobReader, type BlobStore } from '@gorego/storage';
import { inParallel } from '../in-parallel.ts';
import { type DigestFunctions, type DigestMessage, digestMessage } from '../wire-digest.ts';

/** How many files' bytes are stored at once. */
const filesAtOnceMax = 64;

const nothing = new Uint8Array();

/**
 * The result with everything it carries inline moved into `blobs` and named by digest, so that what is kept is small and
 * each client gets inline what it asks for and no more. Bytes that don't match the digest beside them are refused.
 */
export async function deInlined(
  ctx: Context,
  result: ActionResult,
  blobs: BlobStore,
  functions: DigestFunctions,
  functionName: DigestFunctionName,
): Promise<ActionResult> {
  const moved = async (bytes: Uint8Array, named: DigestMessage | undefined, what: string) => {
    if (bytes.byteLength === 0) return named;
    const digest = Digest.ofBytes(bytes, functionName);
    if (named !== undefined && functions.digest(named, functionName) !== digest) {
      throw new Failure(
        'invalid_argument',
        `action_result.${what}: the inline bytes are ${digest}, not the digest beside them`,
      );
    }
    await blobs.put(ctx, digest, BlobReader.ofBytes(bytes, digest));
    return digestMessage(digest);
  };
  const file = async (output: OutputFile): Promise<OutputFile> => {
    if (output.contents.byteLength === 0) return output;
    const digest = await moved(output.contents, output.digest, `output_files of ${JSON.stringify(output.path)}`);
    return { ...output, digest, contents: nothing };
  };
  return {
    ...result,
    stdoutDigest: await moved(result.stdoutRaw, result.stdoutDigest, 'stdout_raw'),
    stdoutRaw: nothing,
    stderrDigest: await moved(result.stderrRaw, result.stderrDigest, 'stderr_raw'),
    stderrRaw: nothing,
    outputFiles: await inParallel(result.outputFiles, filesAtOnceMax, file),
  };
}
