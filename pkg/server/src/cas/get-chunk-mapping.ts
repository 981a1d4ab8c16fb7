import {
  type ChunkingFunction_Value,
  ContentAddressableStorageDefinition,
  type GetChunkMappingResponse,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Route } from '@gorego/rpc';
import { chunkingFunction } from '../chunks/chunking-functions.ts';
import { chunkingInstance } from '../chunks/chunking-instance.ts';
import type { Splits } from '../chunks/split.ts';
import type { Instances } from '../instances.ts';
import { serverStream } from '../method.ts';
import { type DigestFunctions, digestMessage } from '../wire-digest.ts';

/** How many digests there are in a message: a megabyte or two. */
const digestsPerMessage = 10_000;

/** GetChunkMapping: the chunks of a blob, in order, in as many messages as it takes. */
export function getChunkMapping(instances: Instances, functions: DigestFunctions, splits: Splits): Route {
  return serverStream(
    ContentAddressableStorageDefinition.methods.getChunkMapping,
    async function* (call, request): AsyncGenerator<GetChunkMappingResponse> {
      const instance = chunkingInstance(instances(request.instanceName));
      const digest = functions.digest(request.blobDigest, functions.named(request.digestFunction));
      const list = await splits.split(call, instance, digest, chunkingFunction(request.chunkingFunction));
      for (let at = 0; at < list.chunks.length; at += digestsPerMessage) {
        yield {
          chunkDigests: list.chunks.slice(at, at + digestsPerMessage).map(digestMessage),
          chunkingFunction: at === 0 ? (list.chunkingFunction as ChunkingFunction_Value) : 0,
        };
      }
    },
  );
}
