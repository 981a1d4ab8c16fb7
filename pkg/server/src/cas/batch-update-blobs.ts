import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import {
  type BatchUpdateBlobsRequest,
  type BatchUpdateBlobsResponse,
  type BatchUpdateBlobsResponse_Response,
  ContentAddressableStorageDefinition,
  type BatchUpdateBlobsRequest_Request as Entry,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Call, Route } from '@gorego/rpc';
import { BlobReader } from '@gorego/storage';
import type { Activity } from '../activity.ts';
import { inParallel } from '../in-parallel.ts';
import type { Instance, Instances } from '../instances.ts';
import { unary } from '../method.ts';
import { entryStatus, withoutText } from '../status.ts';
import { type DigestFunctions, echoed } from '../wire-digest.ts';
import { checkedRoom, entriesAtOnceMax } from './batch-room.ts';

/** BatchUpdateBlobsRequest: its requests, and their digests. The transport bounds its bytes. */
const bounds = { bytesMax: Number.POSITIVE_INFINITY, shape: { 2: { 1: {} } } };

/**
 * BatchUpdateBlobs. Each entry has its own outcome; only a batch over the announced limit, or a malformed message, fails
 * as a whole, and then nothing is stored.
 */
export function batchUpdateBlobs(instances: Instances, functions: DigestFunctions, activity: Activity): Route {
  const { batchUpdateBlobs: method } = ContentAddressableStorageDefinition.methods;
  const answer = async (call: Call, request: BatchUpdateBlobsRequest): Promise<BatchUpdateBlobsResponse> => {
    const instance = instances(request.instanceName);
    const functionName = functions.named(request.digestFunction);
    const roomForText = checkedRoom({
      digests: request.requests.map(({ digest }) => digest),
      dataBytes: request.requests.reduce((sum, { data }) => sum + data.byteLength, 0),
      answeredBytes: 0,
    });
    const update = async (entry: Entry): Promise<BatchUpdateBlobsResponse_Response> => {
      const status = await entryStatus(call, async () => {
        await store(call, instance, functions.digest(entry.digest, functionName), entry);
        activity.stored(call.caller, entry.data.byteLength);
      });
      return { digest: echoed(entry.digest), status };
    };
    const responses = await inParallel(request.requests, entriesAtOnceMax, update);
    return { responses: withoutText(responses, roomForText) };
  };
  return unary(method, answer, bounds);
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
