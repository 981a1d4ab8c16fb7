import type { Codecs } from '@gorego/compression';
import { methodPath } from '@gorego/proto';
import { ByteStreamDefinition as service } from '@gorego/proto/google/bytestream/bytestream';
import type { Routes } from '@gorego/rpc';
import type { Activity } from '../activity.ts';
import type { Instances } from '../instances.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { queryWriteStatus } from './query-write-status.ts';
import { read } from './read.ts';
import type { Uploads } from './uploads.ts';
import { write } from './write.ts';

/** google.bytestream.ByteStream, over the blobs that REAPI's resource names name. */
export function byteStream(
  instances: Instances,
  functions: DigestFunctions,
  activity: Activity,
  codecs: Codecs,
  uploads: Uploads,
): Routes {
  return {
    [methodPath(service, 'read')]: read(instances, functions, activity, codecs),
    [methodPath(service, 'write')]: write({ instances, functions, activity, codecs, uploads }),
    [methodPath(service, 'queryWriteStatus')]: queryWriteStatus(instances, functions, uploads),
  };
}
