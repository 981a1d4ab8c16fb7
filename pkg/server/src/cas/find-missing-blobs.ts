import type { Digest } from '@gorego/digest';
import { WireReader, writeLengthDelimitedHeader } from '@gorego/proto';
import type { Message, Route } from '@gorego/rpc';
import type { Instances } from '../instances.ts';
import { reading } from '../method.ts';
import type { DigestFunctions } from '../wire-digest.ts';

/** Fields of FindMissingBlobsRequest and FindMissingBlobsResponse. */
const field = { instanceName: 1, blobDigests: 2, digestFunction: 3, missingBlobDigests: 2 } as const;

/**
 * FindMissingBlobs. The hottest of all methods: it works on the encoded messages, and answers with the very bytes by
 * which a digest was asked for.
 */
export function findMissingBlobs(instances: Instances, functions: DigestFunctions): Route {
  return {
    kind: 'unary',
    handle: async (call, request) => {
      const { instanceName, asked } = reading(() => parse(request, functions));
      const { blobs } = instances(instanceName);
      const missing = await blobs.findMissing(call, new Set(asked.keys()));
      return encode(missing, asked);
    },
  };
}

/** Every digest once, with the encoded message that named it. */
function parse(
  request: Uint8Array,
  functions: DigestFunctions,
): { instanceName: string; asked: ReadonlyMap<Digest, Uint8Array> } {
  let instanceName = '';
  let functionNumber = 0;
  const messages: Uint8Array[] = [];
  for (const reader = new WireReader(request); reader.next(); ) {
    switch (reader.field) {
      case field.instanceName:
        instanceName = reader.string();
        break;
      case field.blobDigests:
        messages.push(reader.bytes());
        break;
      case field.digestFunction:
        functionNumber = reader.int64();
        break;
    }
  }
  const functionName = functions.named(functionNumber);
  const asked = new Map(messages.map((message) => [functions.encodedDigest(message, functionName), message]));
  return { instanceName, asked };
}

function encode(missing: ReadonlySet<Digest>, asked: ReadonlyMap<Digest, Uint8Array>): Message {
  const parts: Uint8Array[] = [];
  for (const digest of missing) {
    const message = asked.get(digest);
    if (message === undefined) continue; // A store may not invent one; Bazel fails a build over it (FMB-1).
    parts.push(writeLengthDelimitedHeader(field.missingBlobDigests, message.byteLength), message);
  }
  return parts;
}
