import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { WireReader, writeLengthDelimitedHeader } from '@gorego/proto';
import type { Message, Route } from '@gorego/rpc';
import type { Instances } from '../instances.ts';
import { messageBytesMax } from '../limits.ts';
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

/**
 * Every digest once, with the encoded message that named it. The fields are walked twice: what the digests mean is said
 * after them, and a list of a hostile request's would be many times its size.
 */
function parse(
  request: Uint8Array,
  functions: DigestFunctions,
): { instanceName: string; asked: ReadonlyMap<Digest, Uint8Array> } {
  if (request.byteLength > messageBytesMax) {
    throw new Failure(
      'invalid_argument',
      `a request of ${request.byteLength} bytes; the answer that all are missing may be ${messageBytesMax}`,
    );
  }
  let instanceName = '';
  let functionNumber = 0;
  for (const reader = new WireReader(request); reader.next(); ) {
    if (reader.field === field.instanceName) instanceName = reader.string();
    else if (reader.field === field.digestFunction) functionNumber = reader.int64();
  }
  let functionName = functions.named(functionNumber);
  const asked = new Map<Digest, Uint8Array>();
  for (const reader = new WireReader(request); reader.next(); ) {
    if (reader.field !== field.blobDigests) continue;
    const message = reader.bytes();
    const digest = functions.encodedDigest(message, functionName);
    functionName ??= Digest.function(digest).name; // Unsaid, it is the first's: a request is of one function.
    asked.set(digest, message);
  }
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
