import { chunksOf } from '@gorego/chunking';
import { type Context, Slots } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { BlobReader, ChunkList } from '@gorego/storage';
import type { ChunkingFunction } from './chunking-functions.ts';
import type { ChunkingInstance } from './chunking-instance.ts';

/** How many chunks a blob may have: 25 GiB have about as many. */
export const chunksMax = 50_000;

/** Blobs being cut at once, each with twice a chunker's window in memory, and in line. */
const splitsMax = 4;
const splitsQueueMax = 1000;

/** Tells which chunks a blob consists of: those it was made of, or those it is cut into when it is first asked about. */
export class Splits {
  readonly #slots = new Slots('blobs being cut into chunks', splitsMax, splitsQueueMax);

  /** Chunks that are here, and with the blob have just been used. `not_found` for a blob that isn't, or has too many. */
  async split(ctx: Context, from: ChunkingInstance, digest: Digest, preferred: ChunkingFunction): Promise<ChunkList> {
    if ((await from.blobs.findMissing(ctx, new Set([digest]))).size > 0) throw notHere(digest);
    if (Digest.isEmpty(digest)) return wholly(digest, preferred);
    const known = await usableList(ctx, from, digest);
    if (known !== undefined) return known;
    if (Digest.sizeBytes(digest) < preferred.dividedBytesMin) return wholly(digest, preferred);
    using _slot = await this.#slots.take(ctx);
    return (await usableList(ctx, from, digest)) ?? (await divide(ctx, from, digest, preferred));
  }
}

/** A blob that is its own only chunk. */
function wholly(digest: Digest, { number }: ChunkingFunction): ChunkList {
  return { chunks: [digest], chunkingFunction: number };
}

/** The chunks that are known, if they can all be read. */
async function usableList(
  ctx: Context,
  { blobs, chunks }: ChunkingInstance,
  digest: Digest,
): Promise<ChunkList | undefined> {
  const list = await chunks.listOf(ctx, digest);
  if (list === undefined) return undefined;
  const named = new Set(list.chunks);
  if ((await chunks.missingChunks(ctx, named)).size === 0) return list;
  return (await blobs.findMissing(ctx, named)).size === 0 ? list : undefined;
}

/** Cuts a blob, and remembers where: its chunks are here as parts of it. */
async function divide(
  ctx: Context,
  { blobs, chunks: near }: ChunkingInstance,
  digest: Digest,
  { number, chunker }: ChunkingFunction,
): Promise<ChunkList> {
  const opened = async (blob: Promise<BlobReader | undefined>): Promise<BlobReader> => {
    const reader = await blob;
    if (reader === undefined) throw notHere(digest);
    return reader;
  };
  if ((await near.findMissing(ctx, new Set([digest]))).size > 0) {
    await near.put(ctx, digest, await opened(blobs.get(ctx, digest)));
  }
  await using blob = await opened(near.get(ctx, digest));
  const chunks: Digest[] = [];
  for await (const chunk of chunksOf(chunker, blob)) {
    chunks.push(Digest.ofBytes(chunk, Digest.function(digest).name));
    if (chunks.length > chunksMax) throw new Failure('not_found', `${digest} has more than ${chunksMax} chunks`);
  }
  const list = { chunks, chunkingFunction: number };
  await near.divide(ctx, digest, list);
  return list;
}

function notHere(digest: Digest): Failure {
  return new Failure('not_found', `${digest} is not here`);
}
