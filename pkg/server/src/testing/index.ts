export {
  absentDigest,
  type Blob,
  blobOf,
  freshBlob,
  piecesOf,
  readName,
  upload,
  writeName,
} from './conformance/blobs.ts';
export { type ConformanceCase, casesFor, conformance, type Feature, type Subject } from './conformance/index.ts';
export { type CodeName, codeOf, Reapi } from './conformance/reapi.ts';
export { type Served, type ServedStores, serveCache } from './serve-cache.ts';
