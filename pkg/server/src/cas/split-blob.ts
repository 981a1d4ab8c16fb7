import { Failure } from '@gorego/errors';
import {
  type ChunkingFunction_Value,
  ContentAddressableStorageDefinition,
  SplitBlobResponse,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Route } from '@gorego/rpc';
import { chunkingFunction } from '../chunks/chunking-functions.ts';
import { chunkingInstance } from '../chunks/chunking-instance.ts';
import type { Splits } from '../chunks/split.ts';
import type { Instances } from '../instances.ts';
import { messageBytesMax } from '../limits.ts';
import { decoded } from '../method.ts';
import { type DigestFunctions, digestMessage } from '../wire-digest.ts';

/**
 * SplitBlob, of version 2.12: what GetChunkMapping answers, in one message. Where that would be larger than clients accept,
 * NOT_FOUND makes them read the blob whole.
 */
export function splitBlob(instances: Instances, functions: DigestFunctions, splits: Splits): Route {
  const { requestType } = ContentAddressableStorageDefinition.methods.splitBlob;
  return {
    kind: 'unary',
    handle: async (call, bytes) => {
      const request = decoded(requestType, bytes);
      const instance = chunkingInstance(instances(request.instanceName));
      const digest = functions.digest(request.blobDigest, functions.named(request.digestFunction));
      const list = await splits.split(call, instance, digest, chunkingFunction(request.chunkingFunction));
      const chunkDigests = list.chunks.map(digestMessage);
      const answer = SplitBlobResponse.encode({
        chunkDigests,
        chunkingFunction: list.chunkingFunction as ChunkingFunction_Value,
      }).finish();
      if (answer.byteLength > messageBytesMax) {
        throw new Failure('not_found', `${list.chunks.length} chunks of ${digest} don't fit into a SplitBlobResponse`);
      }
      return answer;
    },
  };
}
