import type { CodecName, Codecs } from '@gorego/compression';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { WriteResponse } from '@gorego/proto/google/bytestream/bytestream';
import type { Route } from '@gorego/rpc';
import { BlobReader } from '@gorego/storage';
import type { Activity } from '../activity.ts';
import { decompressed, decompressedBytes } from '../decompressed.ts';
import type { Instances } from '../instances.ts';
import { parseWriteName } from '../resource-name.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { checkResourceHeader } from './resource-header.ts';
import { WriteRequests } from './write-requests.ts';

/** `committed_size` of a compressed upload that was answered before its end (REAPI, at ContentAddressableStorage). */
const committedEarly = -1;

/**
 * ByteStream.Write: a blob becomes visible when `finish_write` has come and its bytes hash to its name, never before.
 * Who uploads what is already here is answered at once.
 */
export function write(instances: Instances, functions: DigestFunctions, activity: Activity, codecs: Codecs): Route {
  return {
    kind: 'clientStream',
    handle: async (call, messages) => {
      const requests = await WriteRequests.begin(messages);
      const { resourceName, writeOffset, finishWrite } = requests.first;
      checkResourceHeader(call, resourceName);
      const { instance, digest, compressor } = parseWriteName(resourceName, functions);
      const { blobs } = instances(instance);
      const sizeBytes = Digest.sizeBytes(digest);
      // A blob in one message is stored sooner than it is looked for.
      if (!finishWrite || writeOffset !== 0) {
        const missing = await blobs.findMissing(call, new Set([digest]));
        if (missing.size === 0) return answer(compressor === undefined ? sizeBytes : committedEarly);
      }
      if (writeOffset !== 0) {
        throw new Failure(
          'invalid_argument',
          `write_offset ${writeOffset}: nothing of this upload is kept, begin at 0`,
        );
      }
      await blobs.put(call, digest, await received(requests, sizeBytes, compressor, codecs));
      await requests.checkNothingFollows();
      activity.stored(call.caller, sizeBytes);
      if (compressor === undefined) return answer(sizeBytes);
      return answer(requests.isFinished ? requests.position : committedEarly);
    },
  };
}

function answer(committedSize: number): Uint8Array {
  return WriteResponse.encode({ committedSize }).finish();
}

/** The upload as a blob. One that came in a single message is in memory whole. */
async function received(
  requests: WriteRequests,
  sizeBytes: number,
  compressor: CodecName | undefined,
  codecs: Codecs,
): Promise<BlobReader> {
  const { data, finishWrite } = requests.first;
  if (compressor !== undefined) {
    if (!finishWrite) return decompressed(requests.data(), sizeBytes, codecs[compressor]);
    await Array.fromAsync(requests.data());
    return decompressedBytes(data, sizeBytes, codecs[compressor]);
  }
  const isWhole = finishWrite && data.byteLength === sizeBytes;
  return new BlobReader({ sizeBytes, chunks: requests.data(sizeBytes) }, isWhole ? data : undefined);
}
