import type { Codec, Codecs } from '@gorego/compression';
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
import { compressorName, compressorNumber } from '../compressors.ts';
import { inParallel } from '../in-parallel.ts';
import type { Instance, Instances } from '../instances.ts';
import { messageBytesMax } from '../limits.ts';
import { unary } from '../method.ts';
import { entryStatus, withoutText } from '../status.ts';
import { type DigestFunctions, type DigestMessage, echoed } from '../wire-digest.ts';
import { checkedRoom, entriesAtOnceMax } from './batch-room.ts';

/** BatchReadBlobsRequest and its digests: what the answer couldn't repeat need not be read. */
const bounds = { bytesMax: messageBytesMax, shape: { 2: {} } };

/** Smaller blobs aren't compressed: there is less to win than it costs. */
const compressedBytesMin = 256;

/** BatchReadBlobs: one entry for each digest asked for, absent ones with NOT_FOUND. */
export function batchReadBlobs(
  instances: Instances,
  functions: DigestFunctions,
  activity: Activity,
  codecs: Codecs,
): Route {
  const { batchReadBlobs: method } = ContentAddressableStorageDefinition.methods;
  const answer = async (call: Call, request: BatchReadBlobsRequest): Promise<BatchReadBlobsResponse> => {
    const instance = instances(request.instanceName);
    const functionName = functions.named(request.digestFunction);
    const dataBytes = request.digests.reduce((sum, { sizeBytes }) => sum + Math.max(0, sizeBytes), 0);
    const roomForText = checkedRoom({ digests: request.digests, dataBytes, answeredBytes: dataBytes });
    const codec = acceptable(request.acceptableCompressors, codecs);
    const read = async (message: DigestMessage): Promise<BatchReadBlobsResponse_Response> => {
      let sent: Sent = { data: new Uint8Array(), compressor: 0 };
      const status = await entryStatus(call, async () => {
        sent = await load(call, instance, functions.digest(message, functionName), codec);
        activity.served(call.caller, sent.data.byteLength);
      });
      return { digest: echoed(message), ...sent, status };
    };
    const responses = await inParallel(request.digests, entriesAtOnceMax, read);
    return { responses: withoutText(responses, roomForText) };
  };
  return unary(method, answer, bounds);
}

async function load(call: Call, { blobs }: Instance, digest: Digest, codec: Codec | undefined): Promise<Sent> {
  const blob = await blobs.get(call, digest);
  if (blob === undefined) throw new Failure('not_found', `${digest} is not here`);
  if (codec !== undefined && codec.name === blob.compressed?.codec) {
    await using owned = blob;
    const data = Buffer.concat(await Array.fromAsync(blob.compressed.chunks()));
    if (data.byteLength < owned.sizeBytes) return { data, compressor: compressorNumber(codec.name) };
  }
  return await shortened((await bytesOf(blob, Digest.sizeBytes(digest))) as Uint8Array<ArrayBuffer>, codec);
}

type Sent = Pick<BatchReadBlobsResponse_Response, 'data' | 'compressor'>;

/** The best of what the client takes; undefined if it takes only blobs as they are. */
function acceptable(numbers: readonly number[], codecs: Codecs): Codec | undefined {
  const names = new Set(numbers.map(compressorName));
  return Object.values(codecs).find(({ name }) => names.has(name));
}

/** The data compressed, if that makes it smaller. */
async function shortened(data: Uint8Array<ArrayBuffer>, codec: Codec | undefined): Promise<Sent> {
  if (codec !== undefined && data.byteLength >= compressedBytesMin) {
    const compressed = Buffer.concat(await Array.fromAsync(codec.compress([data], data.byteLength)));
    if (compressed.byteLength < data.byteLength) return { data: compressed, compressor: compressorNumber(codec.name) };
  }
  return { data, compressor: 0 };
}
