import { Digest, digestFunctions } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { WireReader } from '@gorego/proto';
import { Checklist } from '@gorego/storage';
import { messageBytesMax } from '../limits.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { plainDigest } from './plain-digest.ts';

/** Fields of FindMissingBlobsRequest. That of the digests has the same number in FindMissingBlobsResponse. */
const field = { instanceName: 1, blobDigests: 2, digestFunction: 3 } as const;

/** What a FindMissingBlobsRequest asks for. */
export interface AskedBlobs {
  readonly instanceName: string;
  /** Those that are named plainly: nearly all, if there are any. */
  readonly list: Checklist | undefined;
  /** The others, with the encoded field that named each. */
  readonly others: Map<Digest, Uint8Array>;
}

/**
 * Reads the request. The fields are walked twice: what the digests mean is said after them, and a list of a hostile
 * request's would be many times its size.
 */
export function askedBlobs(request: Buffer, functions: DigestFunctions): AskedBlobs {
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
  let list: Checklist | undefined;
  const others = new Map<Digest, Uint8Array>();
  const reader = new WireReader(request);
  for (let start = 0; reader.next(); start = reader.at) {
    if (reader.field !== field.blobDigests) {
      reader.skip();
      continue;
    }
    const sizeBytes = plainDigest.sizeBytes(request, start);
    if (sizeBytes > 0) {
      const hexLength = plainDigest.hashLength(request, start);
      functionName ??= functions.ofLength(hexLength); // Unsaid, it is the first's: a request is of one function.
      list ??= new Checklist(functionName, request);
      if (hexLength === digestFunctions[functionName].hexLength && list.add(plainDigest.textAt(start), sizeBytes)) {
        reader.skip();
        continue;
      }
    }
    const digest = functions.encodedDigest(reader.bytes(), functionName);
    functionName ??= Digest.function(digest).name;
    others.set(digest, request.subarray(start, reader.at));
  }
  return { instanceName, list, others };
}
