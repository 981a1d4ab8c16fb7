import { expect, test } from '@jest/globals';
import {
  CapabilitiesDefinition,
  ContentAddressableStorageDefinition,
} from '../gen/build/bazel/remote/execution/v2/remote_execution.ts';
import { ByteStreamDefinition, type ReadRequest } from '../gen/google/bytestream/bytestream.ts';
import { type MethodDefinition, methodPath } from './service.ts';

test.each([
  [methodPath(ByteStreamDefinition, 'queryWriteStatus'), '/google.bytestream.ByteStream/QueryWriteStatus'],
  [
    methodPath(CapabilitiesDefinition, 'getCapabilities'),
    '/build.bazel.remote.execution.v2.Capabilities/GetCapabilities',
  ],
  [
    methodPath(ContentAddressableStorageDefinition, 'registerChunkMapping'),
    '/build.bazel.remote.execution.v2.ContentAddressableStorage/RegisterChunkMapping',
  ],
])('the path of a method is %s', (path, wanted) => {
  expect(path).toBe(wanted);
});

test('a generated method says what it takes', () => {
  const { requestType }: MethodDefinition<ReadRequest> = ByteStreamDefinition.methods.read;
  const encoded = requestType.encode({ resourceName: 'blobs/x/1', readOffset: 3, readLimit: 0 }).finish();
  expect(requestType.decode(encoded)).toMatchObject({ resourceName: 'blobs/x/1', readOffset: 3, readLimit: 0 });
});
