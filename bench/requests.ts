import { methodPath } from '@gorego/proto';
import {
  ActionCacheDefinition,
  BatchReadBlobsRequest,
  BatchUpdateBlobsRequest,
  CapabilitiesDefinition,
  ContentAddressableStorageDefinition,
  FindMissingBlobsRequest,
  GetActionResultRequest,
  GetCapabilitiesRequest,
  GetTreeRequest,
  UpdateActionResultRequest,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { ByteStreamDefinition, ReadRequest, WriteRequest } from '@gorego/proto/google/bytestream/bytestream';
import { framed } from './grpc-client.ts';

/** A call to make: where, and the framed messages to send. */
export interface Request {
  readonly path: string;
  readonly body: Buffer;
}

/** A blob's name, for SHA-256 and the empty instance name. */
export interface Named {
  readonly hex: string;
  readonly sizeBytes: number;
}

const digestOf = ({ hex, sizeBytes }: Named): { hash: string; sizeBytes: number } => ({ hash: hex, sizeBytes });

export function getCapabilities(): Request {
  const path = methodPath(CapabilitiesDefinition, 'getCapabilities');
  return { path, body: framed(GetCapabilitiesRequest.encode(GetCapabilitiesRequest.fromPartial({})).finish()) };
}

export function findMissing(blobs: readonly Named[]): Request {
  const message = FindMissingBlobsRequest.fromPartial({ blobDigests: blobs.map(digestOf) });
  const path = methodPath(ContentAddressableStorageDefinition, 'findMissingBlobs');
  return { path, body: framed(FindMissingBlobsRequest.encode(message).finish()) };
}

export function batchRead(blobs: readonly Named[]): Request {
  const message = BatchReadBlobsRequest.fromPartial({ digests: blobs.map(digestOf) });
  const path = methodPath(ContentAddressableStorageDefinition, 'batchReadBlobs');
  return { path, body: framed(BatchReadBlobsRequest.encode(message).finish()) };
}

export function batchUpdate(blobs: readonly { readonly hex: string; readonly data: Uint8Array }[]): Request {
  const requests = blobs.map(({ hex, data }) => ({ digest: { hash: hex, sizeBytes: data.byteLength }, data }));
  const message = BatchUpdateBlobsRequest.fromPartial({ requests });
  const path = methodPath(ContentAddressableStorageDefinition, 'batchUpdateBlobs');
  return { path, body: framed(BatchUpdateBlobsRequest.encode(message).finish()) };
}

export function getActionResult(action: Named): Request {
  const message = GetActionResultRequest.fromPartial({ actionDigest: digestOf(action) });
  const path = methodPath(ActionCacheDefinition, 'getActionResult');
  return { path, body: framed(GetActionResultRequest.encode(message).finish()) };
}

export function getTree(root: Named): Request {
  const path = methodPath(ContentAddressableStorageDefinition, 'getTree');
  const message = GetTreeRequest.fromPartial({ rootDigest: digestOf(root) });
  return { path, body: framed(GetTreeRequest.encode(message).finish()) };
}

/** An action's result: one file a blob, and nothing printed. */
export function updateActionResult(action: Named, outputs: readonly Named[]): Request {
  const outputFiles = outputs.map((output, i) => ({ path: `out/${i}.o`, digest: digestOf(output) }));
  const message = UpdateActionResultRequest.fromPartial({
    actionDigest: digestOf(action),
    actionResult: { outputFiles, exitCode: 0, executionMetadata: { worker: 'bench' } },
  });
  const path = methodPath(ActionCacheDefinition, 'updateActionResult');
  return { path, body: framed(UpdateActionResultRequest.encode(message).finish()) };
}

export function read({ hex, sizeBytes }: Named): Request {
  const message = ReadRequest.fromPartial({ resourceName: `blobs/${hex}/${sizeBytes}` });
  return { path: methodPath(ByteStreamDefinition, 'read'), body: framed(ReadRequest.encode(message).finish()) };
}

/** Reads a blob as the zstd of it that the server has or makes. */
export function readZstd({ hex, sizeBytes }: Named): Request {
  const message = ReadRequest.fromPartial({ resourceName: `compressed-blobs/zstd/${hex}/${sizeBytes}` });
  return { path: methodPath(ByteStreamDefinition, 'read'), body: framed(ReadRequest.encode(message).finish()) };
}

export const writePath: string = methodPath(ByteStreamDefinition, 'write');

/** One WriteRequest, framed. The resource's name is in the first one alone. */
export function writeMessage(blob: Named, offset: number, data: Uint8Array): Buffer {
  const message = WriteRequest.fromPartial({
    resourceName:
      offset === 0 ? `uploads/00000000-0000-4000-8000-000000000000/blobs/${blob.hex}/${blob.sizeBytes}` : '',
    writeOffset: offset,
    finishWrite: offset + data.byteLength === blob.sizeBytes,
    data,
  });
  return framed(WriteRequest.encode(message).finish());
}

/** An upload of bytes at hand, in messages of `messageBytes` at most. */
export function write(blob: Named, data: Uint8Array, messageBytes: number): Request {
  const messages: Buffer[] = [];
  for (let at = 0; at < data.byteLength; at += messageBytes) {
    messages.push(writeMessage(blob, at, data.subarray(at, at + messageBytes)));
  }
  return { path: writePath, body: Buffer.concat(messages) };
}
