import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import {
  type BatchReadBlobsRequest,
  type BatchReadBlobsResponse,
  type BatchReadBlobsResponse_Response,
  ContentAddressableStorageDefinition,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Call, Route } from '@gorego/rpc';
import { bytesOf } from '@gorego/storage';
import type { Activity } from '../activity.ts';
import { inParallel } from '../in-parallel.ts';
import type { Instance, Instances } from '../instances.ts';
import { messageBytesMax } from '../limits.ts';
import { unary } from '../method.ts';
import { entryStatus, withoutText } from '../status.ts';
import { type DigestFunctions, type DigestMessage, echoed } from '../wire-digest.ts';
import { checkedRoom, entriesAtOnceMax } from './batch-room.ts';

/** BatchReadBlobsRequest and its digests: what the answer couldn't repeat need not be read. */
const bounds = { bytesMax: messageBytesMax, shape: { 2: {} } };

/** BatchReadBlobs: one entry for each digest asked for, absent ones with NOT_FOUND. */
export function batchReadBlobs(instances: Instances, functions: DigestFunctions, activity: Activity): Route {
  const { batchReadBlobs: method } = ContentAddressableStorageDefinition.methods;
  const answer = async (call: Call, request: BatchReadBlobsRequest): Promise<BatchReadBlobsResponse> => {
    const instance = instances(request.instanceName);
    const functionName = functions.named(request.digestFunction);
    const dataBytes = request.digests.reduce((sum, { sizeBytes }) => sum + Math.max(0, sizeBytes), 0);
    const roomForText = checkedRoom({ digests: request.digests, dataBytes, answeredBytes: dataBytes });
    const read = async (message: DigestMessage): Promise<BatchReadBlobsResponse_Response> => {
      let data = new Uint8Array();
      const status = await entryStatus(call, async () => {
        data = await load(call, instance, functions.digest(message, functionName));
        activity.served(call.caller, data.byteLength);
      });
      return { digest: echoed(message), data, status, compressor: 0 };
    };
    const responses = await inParallel(request.digests, entriesAtOnceMax, read);
    return { responses: withoutText(responses, roomForText) };
  };
  return unary(method, answer, bounds);
}

async function load(call: Call, { blobs }: Instance, digest: Digest): Promise<Uint8Array<ArrayBuffer>> {
  const blob = await blobs.get(call, digest);
  if (blob === undefined) throw new Failure('not_found', `${digest} is not here`);
  return (await bytesOf(blob, Digest.sizeBytes(digest))) as Uint8Array<ArrayBuffer>;
}
