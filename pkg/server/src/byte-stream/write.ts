import type { CodecName, Codecs } from '@gorego/compression';
import { Digest } from '@gorego/digest';
import { WriteResponse } from '@gorego/proto/google/bytestream/bytestream';
import type { Route } from '@gorego/rpc';
import { BlobReader } from '@gorego/storage';
import type { Activity } from '../activity.ts';
import { decompressedBytes, exactly } from '../decompressed.ts';
import { type Instances, toWrite } from '../instances.ts';
import { parseWriteName, uploadName } from '../resource-name.ts';
import type { DigestFunctions } from '../wire-digest.ts';
import { checkResourceHeader } from './resource-header.ts';
import type { Uploads } from './uploads.ts';
import { WriteRequests } from './write-requests.ts';

/** `committed_size` of a compressed upload that was answered before its end (REAPI, at ContentAddressableStorage). */
const committedEarly = -1;

export interface WriteInit {
  readonly instances: Instances;
  readonly functions: DigestFunctions;
  readonly activity: Activity;
  readonly codecs: Codecs;
  readonly uploads: Uploads;
}

/**
 * ByteStream.Write: a blob becomes visible when `finish_write` has come and its bytes hash to its name, never before.
 * Who uploads what is already here is answered at once; who was cut off may go on.
 */
export function write({ instances, functions, activity, codecs, uploads }: WriteInit): Route {
  return {
    kind: 'clientStream',
    handle: async (call, messages) => {
      const requests = await WriteRequests.begin(messages);
      const { resourceName, writeOffset, finishWrite } = requests.first;
      checkResourceHeader(call, resourceName);
      const name = parseWriteName(resourceName, functions);
      const { digest, compressor } = name;
      const { blobs } = toWrite(call, instances(name.instance));
      if (finishWrite && writeOffset === 0) {
        // A blob in one message is stored sooner than it is looked for.
        await blobs.put(call, digest, await whole(requests, digest, compressor, codecs));
      } else {
        const missing = await blobs.findMissing(call, new Set([digest]));
        if (missing.size === 0) return answer(compressor === undefined ? Digest.sizeBytes(digest) : committedEarly);
        const key = uploadName(name);
        const isBeginning = writeOffset === 0;
        const upload = isBeginning ? uploads.begin(call, key, blobs, digest) : uploads.resume(key, writeOffset);
        await upload.receive(call, requests, data(requests, digest, compressor, codecs));
      }
      await requests.checkNothingFollows();
      activity.stored(call.caller, Digest.sizeBytes(digest));
      if (compressor === undefined) return answer(Digest.sizeBytes(digest));
      return answer(requests.isFinished ? requests.position : committedEarly);
    },
  };
}

function answer(committedSize: number): Uint8Array {
  return WriteResponse.encode({ committedSize }).finish();
}

/** The blob that a single request holds: in memory, unless it is far larger than what it is compressed to. */
async function whole(
  requests: WriteRequests,
  digest: Digest,
  compressor: CodecName | undefined,
  codecs: Codecs,
): Promise<BlobReader> {
  const sizeBytes = Digest.sizeBytes(digest);
  const checked = requests.data(compressor === undefined ? sizeBytes : undefined);
  const [bytes = Buffer.of()] = await Array.fromAsync(checked);
  return compressor === undefined ? BlobReader.ofBytes(bytes) : decompressedBytes(bytes, sizeBytes, codecs[compressor]);
}

/** The blob's bytes, from the Write's first offset on. A compressed stream of its own begins there. */
function data(
  requests: WriteRequests,
  digest: Digest,
  compressor: CodecName | undefined,
  codecs: Codecs,
): AsyncIterable<Uint8Array> {
  const sizeBytes = Digest.sizeBytes(digest);
  if (compressor === undefined) return requests.data(sizeBytes);
  return codecs[compressor].decompress(requests.data(), exactly(sizeBytes - requests.first.writeOffset));
}
