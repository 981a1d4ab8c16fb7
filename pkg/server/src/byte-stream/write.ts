import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { WriteResponse } from '@gorego/proto/google/bytestream/bytestream';
import type { Route } from '@gorego/rpc';
import { BlobReader } from '@gorego/storage';
import type { Activity } from '../activity.ts';
import type { Instances } from '../instances.ts';
import { parseWriteName } from '../resource-name.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { checkResourceHeader } from './resource-header.ts';
import { WriteRequests } from './write-requests.ts';

/**
 * ByteStream.Write: a blob becomes visible when `finish_write` has come and its bytes hash to its name, never before.
 * Who uploads what is already here is answered at once.
 */
export function write(instances: Instances, functions: DigestFunctions, activity: Activity): Route {
  return {
    kind: 'clientStream',
    handle: async (call, messages) => {
      const requests = await WriteRequests.begin(messages);
      const { resourceName, writeOffset, finishWrite } = requests.first;
      checkResourceHeader(call, resourceName);
      const { instance, digest } = parseWriteName(resourceName, functions);
      const { blobs } = instances(instance);
      const sizeBytes = Digest.sizeBytes(digest);
      const answer = WriteResponse.encode({ committedSize: sizeBytes }).finish();
      // A blob in one message is stored sooner than it is looked for.
      if ((!finishWrite || writeOffset !== 0) && (await blobs.findMissing(call, new Set([digest]))).size === 0)
        return answer;
      if (writeOffset !== 0) {
        throw new Failure(
          'invalid_argument',
          `write_offset ${writeOffset}: nothing of this upload is kept, begin at 0`,
        );
      }
      await blobs.put(call, digest, received(requests, sizeBytes));
      await requests.checkNothingFollows();
      activity.stored(call.caller, sizeBytes);
      return answer;
    },
  };
}

/** The upload as a blob. One that came in a single message is in memory whole. */
function received(requests: WriteRequests, sizeBytes: number): BlobReader {
  const { data, finishWrite } = requests.first;
  const chunks = requests.data(sizeBytes);
  const isWhole = finishWrite && data.byteLength === sizeBytes;
  return new BlobReader({ sizeBytes, chunks }, isWhole ? data : undefined);
}
