import { BatchUpdateBlobsResponse } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { WriteResponse } from '@gorego/proto/google/bytestream/bytestream';
import { unframed } from '../grpc-client.ts';
import { LoadConnection } from '../http2/load-connection.ts';
import { NumberedBlobs } from '../numbered-blobs.ts';
import { batchUpdate, write } from '../requests.ts';
import { childOf } from './child.ts';
import { closedLoop, type LoadResult, type PreparedCall } from './closed-loop.ts';
import { ExchangeableBody, PreparedBlobs } from './exchangeable-body.ts';
import type { LoadJob, NewBlobs, SameCall } from './load-job.ts';

/** Makes the calls of a job: first to get warm, then, when told to go, to be measured. */
await childOf<LoadJob, LoadResult>(async (job) => {
  const opening = Array.from({ length: job.connections }, () => LoadConnection.connect(job.port));
  const connections = await Promise.all(opening);
  const next = callsOf(job);
  const loop = { connections, inFlight: job.inFlight, next };
  if (job.warmUpMs > 0) await closedLoop({ ...loop, forMs: job.warmUpMs });
  return async () => {
    const result = await closedLoop({ ...loop, forMs: job.forMs });
    for (const connection of connections) connection.close();
    return result;
  };
});

function callsOf({ calls }: LoadJob): () => PreparedCall | undefined {
  switch (calls.kind) {
    case 'same':
      return sameCall(calls);
    case 'new-blobs':
      return newBlobs(calls);
    default:
      return calls satisfies never;
  }
}

function sameCall({ path, body, responseBytes }: SameCall): () => PreparedCall {
  const check = (length: number): string | undefined =>
    length === responseBytes ? undefined : `a response of ${length} bytes instead of ${responseBytes}`;
  const call = { path, body, check };
  return () => call;
}

function newBlobs(job: NewBlobs): () => PreparedCall | undefined {
  const source = new NumberedBlobs(job.blobBytes);
  const prepared = new PreparedBlobs(source, job.callsMax * job.blobsPerCall);
  const blobs = Array.from({ length: job.blobsPerCall }, (_, n) => source.at(n));
  const uploads = blobs.map((blob) => ({ hex: blob.hex, data: source.dataOf(blob), sizeBytes: job.blobBytes }));
  const [first] = uploads;
  if (first === undefined) throw new Error('an upload of no blobs');
  const isWrite = job.method === 'write';
  const { path, body } = isWrite ? write(first, first.data, job.messageBytes) : batchUpdate(uploads);
  const template = new ExchangeableBody(body, blobs, source);
  const check = isWrite ? wholeOf(job.blobBytes) : allOf(job.blobsPerCall);
  let used = 0;
  return () => {
    if (used + job.blobsPerCall > prepared.count) return undefined;
    const exchanged = template.with(prepared, used);
    used += job.blobsPerCall;
    return { path, body: exchanged, check };
  };
}

type Check = PreparedCall['check'];

function wholeOf(sizeBytes: number): Check {
  return (length, bytes) => {
    const [message] = unframed(bytes ?? Buffer.alloc(0));
    if (message === undefined) return `an answer of ${length} bytes without a WriteResponse`;
    const { committedSize } = WriteResponse.decode(message);
    return committedSize === sizeBytes ? undefined : `committed_size ${committedSize} instead of ${sizeBytes}`;
  };
}

function allOf(count: number): Check {
  return (length, bytes) => {
    const [message] = unframed(bytes ?? Buffer.alloc(0));
    if (message === undefined) return `an answer of ${length} bytes without a BatchUpdateBlobsResponse`;
    const { responses } = BatchUpdateBlobsResponse.decode(message);
    const refused = responses.find(({ status }) => status !== undefined && status.code !== 0);
    if (refused !== undefined) return `status ${refused.status?.code}: ${refused.status?.message}`;
    return responses.length === count ? undefined : `${responses.length} responses instead of ${count}`;
  };
}
