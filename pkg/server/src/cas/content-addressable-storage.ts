import type { Codecs } from '@gorego/compression';
import { methodPath } from '@gorego/proto';
import { ContentAddressableStorageDefinition as service } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Routes } from '@gorego/rpc';
import type { Activity } from '../activity.ts';
import { Splits } from '../chunks/split.ts';
import type { Instances } from '../instances.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { batchReadBlobs } from './batch-read-blobs.ts';
import { batchUpdateBlobs } from './batch-update-blobs.ts';
import { findMissingBlobs } from './find-missing-blobs.ts';
import { getChunkMapping } from './get-chunk-mapping.ts';
import { getTree } from './get-tree.ts';
import { registerChunkMapping } from './register-chunk-mapping.ts';
import { spliceBlob } from './splice-blob.ts';
import { splitBlob } from './split-blob.ts';

/** REAPI's ContentAddressableStorage, of versions 2.12 and 2.13. */
export function contentAddressableStorage(
  instances: Instances,
  functions: DigestFunctions,
  activity: Activity,
  codecs: Codecs,
): Routes {
  const splits = new Splits();
  return {
    [methodPath(service, 'findMissingBlobs')]: findMissingBlobs(instances, functions),
    [methodPath(service, 'batchUpdateBlobs')]: batchUpdateBlobs(instances, functions, activity, codecs),
    [methodPath(service, 'batchReadBlobs')]: batchReadBlobs(instances, functions, activity, codecs),
    [methodPath(service, 'getTree')]: getTree(instances, functions),
    [methodPath(service, 'splitBlob')]: splitBlob(instances, functions, splits),
    [methodPath(service, 'spliceBlob')]: spliceBlob(instances, functions),
    [methodPath(service, 'getChunkMapping')]: getChunkMapping(instances, functions, splits),
    [methodPath(service, 'registerChunkMapping')]: registerChunkMapping(instances, functions),
  };
}
