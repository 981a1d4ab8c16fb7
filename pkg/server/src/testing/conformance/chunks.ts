import { methodPath } from '@gorego/proto';
import {
  ContentAddressableStorageDefinition as cas,
  type DeepPartial,
  type RegisterChunkMappingRequest,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { DigestMessage } from '../../wire-digest.ts';
import { type Blob, blobOf, readName } from './blobs.ts';
import type { Reapi } from './reapi.ts';

/** A blob, and blobs that are it, one after another. */
export interface Pieces {
  readonly whole: Blob;
  readonly pieces: readonly Blob[];
  readonly digests: readonly DigestMessage[];
}

export function pieced(...pieces: readonly Blob[]): Pieces {
  const whole = blobOf(Buffer.concat(pieces.map(({ bytes }) => bytes)));
  return { whole, pieces, digests: pieces.map(({ digest }) => digest) };
}

export function splice(api: Reapi, { whole, digests }: Pieces): Promise<{ blobDigest?: DigestMessage | undefined }> {
  return api.unary(cas, 'spliceBlob', { blobDigest: whole.digest, chunkDigests: [...digests] });
}

/** Sends requests of RegisterChunkMapping as they are. */
export async function register(
  api: Reapi,
  requests: readonly DeepPartial<RegisterChunkMappingRequest>[],
): Promise<DigestMessage | undefined> {
  const { requestType, responseType } = cas.methods.registerChunkMapping;
  const messages = requests.map((request) => requestType.encode(requestType.fromPartial(request)).finish());
  const answer = await api.raw.clientStream(methodPath(cas, 'registerChunkMapping'), messages);
  return responseType.decode(answer).blobDigest;
}

/** What GetChunkMapping says in all its messages. */
export async function mappingOf(
  api: Reapi,
  blobDigest: DigestMessage,
  chunkingFunction = 0,
): Promise<{ chunkDigests: DigestMessage[]; chunkingFunction: number }> {
  const request = { blobDigest, digestFunction: 1, chunkingFunction } as const;
  const answers = await api.serverStream(cas, 'getChunkMapping', request as never);
  return {
    chunkDigests: answers.flatMap(({ chunkDigests }) => chunkDigests),
    chunkingFunction: answers[0]?.chunkingFunction ?? 0,
  };
}

/** The bytes of chunks, one after another, each read by a call of its own. */
export async function readAll(api: Reapi, digests: readonly DigestMessage[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const digest of digests) parts.push(await api.read(readName(digest)));
  return Buffer.concat(parts);
}
