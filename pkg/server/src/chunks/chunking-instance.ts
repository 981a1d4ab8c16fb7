import { Failure } from '@gorego/errors';
import type { BlobStore, ChunkedBlobs } from '@gorego/storage';
import type { Instance } from '../instances.ts';

/** An instance as chunking needs it. */
export interface ChunkingInstance {
  readonly blobs: BlobStore;
  readonly chunks: ChunkedBlobs;
}

/** The instance, `unimplemented` if it knows nothing of chunks. */
export function chunkingInstance({ name, blobs, chunks }: Instance): ChunkingInstance {
  if (chunks === undefined) throw new Failure('unimplemented', `the instance ${JSON.stringify(name)} has no chunking`);
  return { blobs, chunks };
}
