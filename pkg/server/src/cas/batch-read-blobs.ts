import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import {
  type BatchReadBlobsResponse_Response,
  ContentAddressableStorageDefinition,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Call, Route } from '@gorego/rpc';
import { bytesOf } from '@gorego/storage';
import type { Activity } from '../activity.ts';
import type { Instance, Instances } from '../instances.ts';
import { entryOverheadBytes, messageBytesMax } from '../limits.ts';
import { unary } from '../method.ts';
import { entryStatus, withoutText } from '../status.ts';
import type { DigestFunctions, DigestMessage } from '../wire-digest.ts';
import { checkBatchBytes } from './batch-update-blobs.ts';

/** BatchReadBlobs: one entry for each digest asked for, absent ones with NOT_FOUND. */
export function batchReadBlobs(instances: Instances, functions: DigestFunctions, activity: Activity): Route {
  return unary(ContentAddressableStorageDefinition.methods.batchReadBlobs, async (call, request) => {
    const instance = instances(request.instanceName);
    const functionName = functions.named(request.digestFunction);
    const roomForText = checkedRoom(request.digests);
    const read = async (message: DigestMessage): Promise<BatchReadBlobsResponse_Response> => {
      let data = new Uint8Array();
      const status = await entryStatus(call, async () => {
        data = await load(call, instance, functions.digest(message, functionName));
        activity.served(call.caller, data.byteLength);
      });
      return { digest: message, data, status, compressor: 0 };
    };
    const responses = await Promise.all(request.digests.map(read));
    return { responses: withoutText(responses, roomForText) };
  });
}

async function load(call: Call, { blobs }: Instance, digest: Digest): Promise<Uint8Array<ArrayBuffer>> {
  const blob = await blobs.get(call, digest);
  if (blob === undefined) throw new Failure('not_found', `${digest} is not here`);
  return (await bytesOf(blob, Digest.sizeBytes(digest))) as Uint8Array<ArrayBuffer>;
}

/** Refuses what would make a response larger than clients accept, before anything is read; says what room is left. */
function checkedRoom(digests: readonly DigestMessage[]): number {
  const dataBytes = digests.reduce((sum, { sizeBytes }) => sum + Math.max(0, sizeBytes), 0);
  checkBatchBytes(dataBytes);
  const room = messageBytesMax - dataBytes - digests.length * entryOverheadBytes;
  if (room < 0) {
    throw new Failure(
      'invalid_argument',
      `the answer to ${digests.length} digests would be larger than a message may be (${messageBytesMax} bytes)`,
    );
  }
  return room;
}
