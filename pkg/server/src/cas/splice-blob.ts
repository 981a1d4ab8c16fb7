import {
  ContentAddressableStorageDefinition,
  type SpliceBlobResponse,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Route } from '@gorego/rpc';
import { ChunkDigests, chunkDigestsBounds } from '../chunks/chunk-digests.ts';
import { chunkingFunction } from '../chunks/chunking-functions.ts';
import { chunkingInstance } from '../chunks/chunking-instance.ts';
import { splice } from '../chunks/splice.ts';
import { type Instances, toWrite } from '../instances.ts';
import { unary } from '../method.ts';
import { type DigestFunctions, digestMessage } from '../wire-digest.ts';

/** SpliceBlob, of version 2.12: what RegisterChunkMapping does, by one message. */
export function spliceBlob(instances: Instances, functions: DigestFunctions): Route {
  return unary(
    ContentAddressableStorageDefinition.methods.spliceBlob,
    async (call, request): Promise<SpliceBlobResponse> => {
      const instance = chunkingInstance(toWrite(call, instances(request.instanceName)));
      const digest = functions.digest(request.blobDigest, functions.named(request.digestFunction));
      chunkingFunction(request.chunkingFunction);
      const chunks = new ChunkDigests(functions, digest);
      chunks.add(request.chunkDigests);
      await splice(call, instance, digest, {
        chunks: chunks.digests,
        chunkingFunction: request.chunkingFunction,
      });
      return { blobDigest: digestMessage(digest) };
    },
    chunkDigestsBounds,
  );
}
