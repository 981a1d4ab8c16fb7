import { Digest } from '@gorego/digest';
import { ByteStreamDefinition } from '@gorego/proto/google/bytestream/bytestream';
import type { Route } from '@gorego/rpc';
import type { Instances } from '../instances.ts';
import { unary } from '../method.ts';
import { parseWriteName, uploadName } from '../resource-name.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { checkResourceHeader } from './resource-header.ts';
import type { Uploads } from './uploads.ts';

/**
 * ByteStream.QueryWriteStatus: complete once the blob is here, whoever uploaded it. Before that, how far the upload of
 * that name is, in uncompressed bytes. One that nothing is known of is at byte 0: the specification's NOT_FOUND would
 * make Bazel give it up.
 */
export function queryWriteStatus(instances: Instances, functions: DigestFunctions, uploads: Uploads): Route {
  return unary(ByteStreamDefinition.methods.queryWriteStatus, async (call, { resourceName }) => {
    checkResourceHeader(call, resourceName);
    const name = parseWriteName(resourceName, functions);
    const { digest } = name;
    const missing = await instances(name.instance).blobs.findMissing(call, new Set([digest]));
    if (missing.size > 0) return { committedSize: uploads.position(uploadName(name)), complete: false };
    return { committedSize: Digest.sizeBytes(digest), complete: true };
  });
}
