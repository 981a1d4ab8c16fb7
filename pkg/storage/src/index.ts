export type { ActionCache, KeptActions } from './action-cache.ts';
export { BlobReader, type BlobReaderInit, bytesOf, type Outcome, observed } from './blob-reader.ts';
export type { BlobStore, Staged, StagingStore } from './blob-store.ts';
export { type ByteRange, isWhole, type Span, sliced, spanOf } from './byte-range.ts';
export { completeOnly, isComplete, type References } from './complete-only.ts';
export { LocalStore, type LocalStoreInit } from './disk/local-store.ts';
export { emptyAlwaysHere } from './empty-always-here.ts';
export { MemoryActions, MemoryBlobs } from './memory-store.ts';
export { type Verdict, verified, verifying } from './verified.ts';
