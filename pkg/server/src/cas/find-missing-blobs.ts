import { Digest, digestFunctions } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { WireReader } from '@gorego/proto';
import type { Message, Route } from '@gorego/rpc';
import { Checklist } from '@gorego/storage';
import type { Instances } from '../instances.ts';
import { messageBytesMax } from '../limits.ts';
import { reading } from '../method.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { plainDigest } from './plain-digest.ts';

/** Fields of FindMissingBlobsRequest. That of the digests has the same number in FindMissingBlobsResponse. */
const field = { instanceName: 1, blobDigests: 2, digestFunction: 3 } as const;

/** What a request asks for. */
interface Asked {
  readonly instanceName: string;
  /** Nearly all of the blobs. */
  readonly list: Checklist | undefined;
  /** The others, with the encoded field that named each. */
  readonly others: Map<Digest, Uint8Array>;
}

/**
 * FindMissingBlobs. The hottest of all methods: it works on the encoded messages, makes a Digest only of what may be
 * missing, and answers with the very bytes by which it was asked for.
 */
export function findMissingBlobs(instances: Instances, functions: DigestFunctions): Route {
  return {
    kind: 'unary',
    handle: async (call, request) => {
      const bytes = Buffer.from(request.buffer, request.byteOffset, request.byteLength);
      const { instanceName, list, others } = reading(() => parse(bytes, functions));
      const { blobs } = instances(instanceName);
      if (list !== undefined) {
        blobs.tickOff?.(call, list);
        for (let i = 0; i < list.count; i++) {
          if (!list.isTicked(i)) others.set(list.digest(i), plainDigest.field(bytes, list.textAt(i)));
        }
      }
      if (others.size === 0) return [];
      const missing = await blobs.findMissing(call, new Set(others.keys()));
      return encode(missing, others);
    },
  };
}

/**
 * The fields are walked twice: what the digests mean is said after them, and a list of a hostile request's would be many
 * times its size.
 */
function parse(request: Buffer, functions: DigestFunctions): Asked {
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

function encode(missing: ReadonlySet<Digest>, asked: ReadonlyMap<Digest, Uint8Array>): Message {
  const fields: Uint8Array[] = [];
  for (const digest of missing) {
    const field = asked.get(digest);
    if (field !== undefined) fields.push(field); // A store may not invent one; Bazel fails a build over it (FMB-1).
  }
  return fields;
}
