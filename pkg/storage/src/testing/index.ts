export { type ActionCacheSubject, actionCacheSuite, keptActionsSuite } from './action-cache-suite.ts';
export { type BlobStoreSubject, blobStoreSuite } from './blob-store-suite.ts';
export { checklistOf } from './checklist-of.ts';
export { inPieces, patterned } from './patterned.ts';
export { type StagingSubject, stagingSuite } from './staging-suite.ts';
export type { Case, Open } from './suite.ts';
