import type { Context } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { type BlobStore, bytesOf } from '@gorego/storage';

/** Blobs that are read at once: as many as travel together from a cache behind this one, and what they may hold. */
const readsMax = 500;
const readBytesMax = 8 * 1024 * 1024;

/** How many directories one walk may find. Each is remembered, so that none is read twice. */
const directoriesMax = 1_000_000;

/** A directory and its bytes; undefined for one that isn't here. */
export type Walked = readonly [digest: Digest, bytes: Uint8Array | undefined];

export interface WalkInit {
  readonly blobs: BlobStore;
  readonly roots: Iterable<Digest>;
  /** The directories in a directory. */
  readonly below: (directory: Uint8Array) => Iterable<Digest>;
  /** No directory is larger. `resource_exhausted`. */
  readonly bytesMax: number;
}

/**
 * Every directory from `roots` down, each once and breadth first, as many at a time as were read together. What isn't
 * here is given too, and what is below it is not followed. `resource_exhausted` after a million.
 */
export async function* walked(
  ctx: Context,
  { blobs, roots, below, bytesMax }: WalkInit,
): AsyncGenerator<readonly Walked[]> {
  const seen = new Set(roots);
  let level = [...seen];
  while (level.length > 0) {
    const next: Digest[] = [];
    for (const group of inGroups(level)) {
      const found = await readTogether(ctx, blobs, group, bytesMax);
      for (const [, bytes] of found) {
        if (bytes === undefined) continue;
        for (const child of below(bytes)) {
          const known = seen.size;
          if (seen.add(child).size > known) next.push(child); // Looked up once.
        }
        if (seen.size > directoriesMax) {
          throw new Failure('resource_exhausted', `more than ${directoriesMax} directories below ${level[0]}`);
        }
      }
      yield found;
    }
    level = next;
  }
}

/** Blobs as they can be read at once. */
export function* inGroups(digests: readonly Digest[]): Generator<readonly Digest[]> {
  let begin = 0;
  let bytes = 0;
  for (const [i, digest] of digests.entries()) {
    const sizeBytes = Digest.sizeBytes(digest);
    const isFull = i - begin === readsMax || bytes + sizeBytes > readBytesMax;
    if (i > begin && isFull) {
      yield digests.slice(begin, i);
      begin = i;
      bytes = 0;
    }
    bytes += sizeBytes;
  }
  if (begin < digests.length) yield digests.slice(begin);
}

/** The bytes of each, in order. */
export function readTogether(
  ctx: Context,
  blobs: BlobStore,
  group: readonly Digest[],
  bytesMax: number,
): Promise<Walked[]> {
  const read = async (digest: Digest): Promise<Walked> => {
    const blob = await blobs.get(ctx, digest);
    return [digest, blob && (await bytesOf(blob, bytesMax))];
  };
  return Promise.all(group.map(read));
}
