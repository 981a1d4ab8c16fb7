import type { Near } from '@gorego/proxy';
import { ChunkedStaging, type LocalStore } from '@gorego/storage';

/** Tier 1, where blobs may be kept as their chunks. */
export interface ChunkedNear extends Near {
  readonly blobs: ChunkedStaging;
}

/** Under which chunks are recorded beside the action results: no instance that a client can name. */
const recordsInstance = '\0chunks';

/** A local store's blobs, as themselves or as chunks of each other, and its results. */
export function chunkedNear(store: LocalStore): ChunkedNear {
  return {
    blobs: new ChunkedStaging({ blobs: store.blobs, records: store.actions(recordsInstance) }),
    actions: (instance) => store.actions(instance),
  };
}
