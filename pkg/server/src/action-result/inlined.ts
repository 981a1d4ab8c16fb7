import type { Context } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import type { ActionResult, OutputFile } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { type BlobStore, bytesOf } from '@gorego/storage';
import { messageBytesMax } from '../limits.ts';
import type { DigestMessage } from '../wire-digest.ts';

/** What a client would like to find in the result itself. A hint: the digests stay, and are the truth. */
export interface Wanted {
  readonly inlineStdout: boolean;
  readonly inlineStderr: boolean;
  readonly inlineOutputFiles: readonly string[];
}

export function isAnythingWanted({ inlineStdout, inlineStderr, inlineOutputFiles }: Wanted): boolean {
  return inlineStdout || inlineStderr || inlineOutputFiles.length > 0;
}

/**
 * The result with what is wanted in it, as far as the whole stays well below a message's limit: stdout first, then
 * stderr, then files in their order. What is too large, or just went, is left to be read by its digest.
 */
export async function inlined(
  ctx: Context,
  result: ActionResult,
  encodedBytes: number,
  wanted: Wanted,
  blobs: BlobStore,
  digestOf: (message: DigestMessage) => Digest,
): Promise<ActionResult> {
  let room = messageBytesMax - 64 * 1024 - encodedBytes;
  const load = async (message: DigestMessage | undefined, isWanted: boolean): Promise<Uint8Array> => {
    if (message === undefined || !isWanted || message.sizeBytes + fieldBytes > room) return new Uint8Array();
    const blob = await blobs.get(ctx, digestOf(message));
    if (blob === undefined) return new Uint8Array();
    room -= message.sizeBytes + fieldBytes;
    return bytesOf(blob, message.sizeBytes);
  };
  const stdoutRaw = await load(result.stdoutDigest, wanted.inlineStdout);
  const stderrRaw = await load(result.stderrDigest, wanted.inlineStderr);
  const wantedFiles = new Set(wanted.inlineOutputFiles);
  const outputFiles: OutputFile[] = [];
  for (const file of result.outputFiles) {
    const contents = await load(file.digest, wantedFiles.has(file.path));
    outputFiles.push(contents.byteLength === 0 ? file : { ...file, contents });
  }
  return { ...result, stdoutRaw, stderrRaw, outputFiles };
}

/** What a field's header takes, and the lengths around it may grow by. */
const fieldBytes = 16;
