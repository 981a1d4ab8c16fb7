import type { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import {
  ContentAddressableStorageDefinition,
  type RegisterChunkMappingRequest,
  type RegisterChunkMappingResponse,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Call, Route } from '@gorego/rpc';
import { ChunkDigests, chunkDigestsBounds } from '../chunks/chunk-digests.ts';
import { chunkingFunction } from '../chunks/chunking-functions.ts';
import { type ChunkingInstance, chunkingInstance } from '../chunks/chunking-instance.ts';
import { splice } from '../chunks/splice.ts';
import { type Instance, type Instances, toWrite } from '../instances.ts';
import { decoded } from '../method.ts';
import { type DigestFunctions, digestMessage } from '../wire-digest.ts';

/**
 * RegisterChunkMapping: makes a blob of chunks that are here, once the client has named them all. What the mapping is of
 * counts in the first request alone.
 */
export function registerChunkMapping(instances: Instances, functions: DigestFunctions): Route {
  const { requestType, responseType } = ContentAddressableStorageDefinition.methods.registerChunkMapping;
  return {
    kind: 'clientStream',
    handle: async (call, requests) => {
      let mapping: Mapping | undefined;
      for await (const bytes of requests) {
        const request = decoded(requestType, bytes, chunkDigestsBounds);
        mapping ??= begun(toWrite(call, instances(request.instanceName)), functions, request);
        mapping.chunks.add(request.chunkDigests);
      }
      if (mapping === undefined) throw new Failure('invalid_argument', 'no request says what the chunks are of');
      return responseType.encode(await registered(call, mapping)).finish();
    },
  };
}

interface Mapping {
  readonly instance: ChunkingInstance;
  readonly digest: Digest;
  readonly chunkingFunction: number;
  readonly chunks: ChunkDigests;
}

function begun(named: Instance, functions: DigestFunctions, first: RegisterChunkMappingRequest): Mapping {
  const instance = chunkingInstance(named);
  const digest = functions.digest(first.blobDigest, functions.named(first.digestFunction));
  chunkingFunction(first.chunkingFunction);
  return {
    instance,
    digest,
    chunkingFunction: first.chunkingFunction,
    chunks: new ChunkDigests(functions, digest),
  };
}

async function registered(
  call: Call,
  { instance, digest, chunkingFunction, chunks }: Mapping,
): Promise<RegisterChunkMappingResponse> {
  await splice(call, instance, digest, { chunks: chunks.digests, chunkingFunction });
  return { blobDigest: digestMessage(digest) };
}
