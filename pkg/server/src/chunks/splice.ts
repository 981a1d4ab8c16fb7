import type { Context } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { type ChunkList, concatenated, totalBytes, verifying } from '@gorego/storage';
import type { ChunkingInstance } from './chunking-instance.ts';

/**
 * Makes a blob of chunks that are here. Its bytes are hashed before anything is said of it; then it is here as its
 * chunks, and goes as a whole to where only whole blobs are known. `not_found` names chunks that are missing;
 * `invalid_argument` if the chunks are another blob; `already_exists` if the blob is here and some of the chunks are not.
 */
export async function splice(
  ctx: Context,
  { blobs, chunks: near }: ChunkingInstance,
  digest: Digest,
  { chunks: given, chunkingFunction }: ChunkList,
): Promise<void> {
  const sizeBytes = Digest.sizeBytes(digest);
  if (totalBytes(given) !== sizeBytes) {
    throw new Failure('invalid_argument', `chunks of ${totalBytes(given)} bytes are not the blob ${digest}`);
  }
  const chunks = given.filter((chunk) => !Digest.isEmpty(chunk));
  const named = new Set(chunks);
  const missing = await blobs.findMissing(ctx, new Set([...named, digest]));
  if (!missing.has(digest)) {
    if (missing.size > 0) throw new Failure('already_exists', `${digest} is here, and ${some(missing)} not`);
    return;
  }
  const absent = missing.difference(new Set([digest]));
  if (absent.size > 0) throw new Failure('not_found', `${some(absent)} not here`);
  if (near.isKeptWhole(digest) || (await near.missingChunks(ctx, named)).size > 0) {
    await blobs.put(ctx, digest, concatenated(ctx, blobs, chunks, { start: 0, end: sizeBytes })); // Which hashes it.
    return;
  }
  for await (const _ of verifying(digest, near.concatenated(ctx, digest, chunks), 'invalid_argument'));
  await near.join(ctx, digest, { chunks, chunkingFunction });
  const blob = await near.get(ctx, digest);
  if (blob === undefined) throw new Failure('unavailable', `chunks of ${digest} went away meanwhile`);
  await blobs.put(ctx, digest, blob); // Free, unless it must also be elsewhere.
}

function some(chunks: ReadonlySet<Digest>): string {
  const [first] = chunks;
  return chunks.size === 1 ? `the chunk ${first} is` : `${chunks.size} chunks, one of them ${first}, are`;
}
