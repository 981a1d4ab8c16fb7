import type { Codecs } from '@gorego/compression';
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
import { compressorName } from '../compressors.ts';
import { decompressedBytes } from '../decompressed.ts';
import { inParallel } from '../in-parallel.ts';
import { type Instances, toWrite } from '../instances.ts';
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
export function batchUpdateBlobs(
  instances: Instances,
  functions: DigestFunctions,
  activity: Activity,
  codecs: Codecs,
): Route {
  const { batchUpdateBlobs: method } = ContentAddressableStorageDefinition.methods;
  const answer = async (call: Call, request: BatchUpdateBlobsRequest): Promise<BatchUpdateBlobsResponse> => {
    const instance = toWrite(call, instances(request.instanceName));
    const functionName = functions.named(request.digestFunction);
    const roomForText = checkedRoom({
      digests: request.requests.map(({ digest }) => digest),
      dataBytes: request.requests.reduce((sum, { data }) => sum + data.byteLength, 0),
      answeredBytes: 0,
    });
    const update = async (entry: Entry): Promise<BatchUpdateBlobsResponse_Response> => {
      const status = await entryStatus(call, async () => {
        const digest = functions.digest(entry.digest, functionName);
        await instance.blobs.put(call, digest, received(digest, entry, codecs));
        activity.stored(call.caller, entry.data.byteLength);
      });
      return { digest: echoed(entry.digest), status };
    };
    const responses = await inParallel(request.requests, entriesAtOnceMax, update);
    return { responses: withoutText(responses, roomForText) };
  };
  return unary(method, answer, bounds);
}

/** The blob an entry holds. What is compressed comes in pieces if it is large: it may be far larger than the message. */
function received(digest: Digest, { data, compressor }: Entry, codecs: Codecs): BlobReader {
  const sizeBytes = Digest.sizeBytes(digest);
  if (compressor === 0) {
    if (data.byteLength !== sizeBytes) {
      throw new Failure('invalid_argument', `${data.byteLength} bytes are not the blob ${digest}`);
    }
    return BlobReader.ofBytes(data);
  }
  const name = compressorName(compressor);
  if (name === undefined) {
    throw new Failure('invalid_argument', `compressor ${compressor} is not among supported_batch_update_compressors`);
  }
  return decompressedBytes(data, sizeBytes, codecs[name]);
}
