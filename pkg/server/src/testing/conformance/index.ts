import { actionCache } from './action-cache.ts';
import { actionCacheCompleteness } from './action-cache-completeness.ts';
import { actionCacheInlining } from './action-cache-inlining.ts';
import { batchRead } from './batch-read.ts';
import { batchUpdate } from './batch-update.ts';
import { byteStreamRead } from './byte-stream-read.ts';
import { byteStreamResume } from './byte-stream-resume.ts';
import { byteStreamWrite } from './byte-stream-write.ts';
import { byteStreamWriteMany } from './byte-stream-write-many.ts';
import { byteStreamWriteRequests } from './byte-stream-write-requests.ts';
import { capabilities } from './capabilities.ts';
import { chunkMappings } from './chunk-mappings.ts';
import { compression } from './compression.ts';
import { compressionBatches } from './compression-batches.ts';
import { compressionZstd } from './compression-zstd.ts';
import { digestFunctionCases } from './digest-functions.ts';
import { findMissing } from './find-missing.ts';
import { general } from './general.ts';
import { getTree } from './get-tree.ts';
import { headers } from './headers.ts';
import { health } from './health.ts';
import { hostile } from './hostile.ts';
import { instanceNames } from './instance-names.ts';
import { queryWriteStatus } from './query-write-status.ts';
import { reflection } from './reflection.ts';
import { spliceBlob } from './splice-blob.ts';
import { splitBlob } from './split-blob.ts';
import type { ConformanceCase, Subject } from './suite.ts';
import { transport } from './transport.ts';

export type { ConformanceCase, Feature, Subject } from './suite.ts';

/** What it means to be a REAPI cache, each group of cases by the name of its file. */
export const conformance: Readonly<Record<string, readonly ConformanceCase[]>> = {
  general,
  headers,
  'instance-names': instanceNames,
  transport,
  hostile,
  capabilities,
  'digest-functions': digestFunctionCases,
  'find-missing': findMissing,
  'batch-update': batchUpdate,
  'batch-read': batchRead,
  'get-tree': getTree,
  'byte-stream-read': byteStreamRead,
  'byte-stream-write': byteStreamWrite,
  'byte-stream-write-requests': byteStreamWriteRequests,
  'byte-stream-write-many': byteStreamWriteMany,
  'byte-stream-resume': byteStreamResume,
  'query-write-status': queryWriteStatus,
  compression,
  'compression-batches': compressionBatches,
  'compression-zstd': compressionZstd,
  'split-blob': splitBlob,
  'splice-blob': spliceBlob,
  'chunk-mappings': chunkMappings,
  'action-cache': actionCache,
  'action-cache-inlining': actionCacheInlining,
  'action-cache-completeness': actionCacheCompleteness,
  health,
  reflection,
};

/** The cases there are for a server, group by group. */
export function casesFor(subject: Omit<Subject, 'address'>): [group: string, cases: ConformanceCase[]][] {
  // Nothing to ask depends on where the server is, which may not be known yet.
  const unaddressed = { ...subject, address: { host: '', port: 0 } };
  return Object.entries(conformance).map(([group, cases]) => [
    group,
    cases.filter(({ appliesTo }) => appliesTo === undefined || appliesTo(unaddressed)),
  ]);
}
