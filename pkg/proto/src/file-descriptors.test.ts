import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { fileDescriptors } from './file-descriptors.ts';

describe('the file descriptors', () => {
  const files = fileDescriptors();

  test('hold every import of every file, and before it', () => {
    const seen = new Set<string>();
    for (const { name, imports } of files) {
      expect(imports.filter((each) => !seen.has(each))).toEqual([]);
      seen.add(name);
    }
    expect(seen.size).toBe(files.length);
  });

  test('say what is in them', () => {
    for (const { name, imports, services, encoded } of files) {
      const decoded = fromBinary(FileDescriptorProtoSchema, encoded);
      expect(name).toBe(decoded.name);
      expect(imports).toEqual(decoded.dependency);
      expect(services).toEqual(decoded.service.map((each) => `${decoded.package}.${each.name}`));
    }
  });

  test('have no comments', () => {
    expect(files.map(({ encoded }) => fromBinary(FileDescriptorProtoSchema, encoded).sourceCodeInfo)).toEqual(
      files.map(() => undefined),
    );
  });

  test.each([
    ['google.bytestream.ByteStream', 'google/bytestream/bytestream.proto'],
    ['google.bytestream.ByteStream.Read', 'google/bytestream/bytestream.proto'],
    ['google.bytestream.ReadRequest.read_limit', 'google/bytestream/bytestream.proto'],
    ['google.longrunning.Operation.result', 'google/longrunning/operations.proto'],
    ['google.rpc.QuotaFailure.Violation', 'google/rpc/error_details.proto'],
    ['google.rpc.Code', 'google/rpc/code.proto'],
    ['google.rpc.DATA_LOSS', 'google/rpc/code.proto'],
    ['grpc.health.v1.HealthCheckResponse.SERVING', 'grpc/health/v1/health.proto'],
    ['google.protobuf.Timestamp', 'google/protobuf/timestamp.proto'],
  ])('find %s in one file', (symbol, name) => {
    expect(files.filter(({ symbols }) => symbols.includes(symbol)).map((each) => each.name)).toEqual([name]);
  });

  test('declare nothing twice', () => {
    const symbols = files.flatMap((each) => each.symbols);
    expect(new Set(symbols).size).toBe(symbols.length);
  });
});
