import { Digest } from '@gorego/digest';
import { ByteStreamDefinition } from '@gorego/proto/google/bytestream/bytestream';
import type { Route } from '@gorego/rpc';
import type { Instances } from '../instances.ts';
import { unary } from '../method.ts';
import { parseWriteName } from '../resource-name.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { checkResourceHeader } from './resource-header.ts';

/**
 * ByteStream.QueryWriteStatus: complete once the blob is here, whoever uploaded it. An upload nothing is known of is at
 * byte 0: the specification's NOT_FOUND would make Bazel give it up.
 */
export function queryWriteStatus(instances: Instances, functions: DigestFunctions): Route {
  return unary(ByteStreamDefinition.methods.queryWriteStatus, async (call, { resourceName }) => {
    checkResourceHeader(call, resourceName);
    const { instance, digest } = parseWriteName(resourceName, functions);
    const missing = await instances(instance).blobs.findMissing(call, new Set([digest]));
    if (missing.size > 0) return { committedSize: 0, complete: false };
    return { committedSize: Digest.sizeBytes(digest), complete: true };
  });
}
