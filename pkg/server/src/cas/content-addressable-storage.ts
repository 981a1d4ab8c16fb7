import type { Codecs } from '@gorego/compression';
import { methodPath } from '@gorego/proto';
import { ContentAddressableStorageDefinition as service } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Routes } from '@gorego/rpc';
import type { Activity } from '../activity.ts';
import type { Instances } from '../instances.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { batchReadBlobs } from './batch-read-blobs.ts';
import { batchUpdateBlobs } from './batch-update-blobs.ts';
import { findMissingBlobs } from './find-missing-blobs.ts';
import { getTree } from './get-tree.ts';

/** REAPI's ContentAddressableStorage. What has no route here (chunking, yet) is UNIMPLEMENTED, and not announced. */
export function contentAddressableStorage(
  instances: Instances,
  functions: DigestFunctions,
  activity: Activity,
  codecs: Codecs,
): Routes {
  return {
    [methodPath(service, 'findMissingBlobs')]: findMissingBlobs(instances, functions),
    [methodPath(service, 'batchUpdateBlobs')]: batchUpdateBlobs(instances, functions, activity, codecs),
    [methodPath(service, 'batchReadBlobs')]: batchReadBlobs(instances, functions, activity, codecs),
    [methodPath(service, 'getTree')]: getTree(instances, functions),
  };
}
