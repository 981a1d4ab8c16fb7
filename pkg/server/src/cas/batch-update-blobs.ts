import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import {
  type BatchUpdateBlobsResponse_Response,
  ContentAddressableStorageDefinition,
  type BatchUpdateBlobsRequest_Request as Entry,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Call, Route } from '@gorego/rpc';
import { BlobReader } from '@gorego/storage';
import type { Activity } from '../activity.ts';
import type { Instance, Instances } from '../instances.ts';
import { batchBytesMax, entryOverheadBytes, messageBytesMax } from '../limits.ts';
import { unary } from '../method.ts';
import { entryStatus, withoutText } from '../status.ts';
import type { DigestFunctions } from '../wire-digest.ts';

/**
 * BatchUpdateBlobs. Each entry has its own outcome; only a batch over the announced limit, or a malformed message, fails
 * as a whole, and then nothing is stored.
 */
export function batchUpdateBlobs(instances: Instances, functions: DigestFunctions, activity: Activity): Route {
  return unary(ContentAddressableStorageDefinition.methods.batchUpdateBlobs, async (call, request) => {
    const instance = instances(request.instanceName);
    const functionName = functions.named(request.digestFunction);
    checkBatchBytes(request.requests.reduce((sum, { data }) => sum + data.byteLength, 0));
    const update = async (entry: Entry): Promise<BatchUpdateBlobsResponse_Response> => {
      const status = await entryStatus(call, async () => {
        await store(call, instance, functions.digest(entry.digest, functionName), entry);
        activity.stored(call.caller, entry.data.byteLength);
      });
      return { digest: entry.digest, status };
    };
    const responses = await Promise.all(request.requests.map(update));
    return { responses: withoutText(responses, messageBytesMax - responses.length * entryOverheadBytes) };
  });
}

async function store(call: Call, { blobs }: Instance, digest: Digest, { data, compressor }: Entry): Promise<void> {
  if (compressor !== 0) {
    throw new Failure('invalid_argument', `compressor ${compressor} is not among supported_batch_update_compressors`);
  }
  if (data.byteLength !== Digest.sizeBytes(digest)) {
    throw new Failure('invalid_argument', `${data.byteLength} bytes are not the blob ${digest}`);
  }
  await blobs.put(call, digest, BlobReader.ofBytes(data));
}

/** `invalid_argument` for a batch over the limit that Capabilities announce. */
export function checkBatchBytes(bytes: number): void {
  if (bytes > batchBytesMax) {
    throw new Failure('invalid_argument', `a batch of ${bytes} bytes; max_batch_total_size_bytes is ${batchBytesMax}`);
  }
}
