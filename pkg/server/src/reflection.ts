import { codeNumber } from '@gorego/errors';
import { type FileDescriptor, fileDescriptors, methodPath } from '@gorego/proto';
import type { ServerReflectionResponse } from '@gorego/proto/grpc/reflection/v1/reflection';
import {
  type ServerReflectionRequest,
  ServerReflectionDefinition as v1,
} from '@gorego/proto/grpc/reflection/v1/reflection';
import { ServerReflectionDefinition as v1alpha } from '@gorego/proto/grpc/reflection/v1alpha/reflection';
import type { Routes } from '@gorego/rpc';
import { bidi } from './method.ts';

/** gRPC server reflection, v1 and v1alpha (the same messages under two names), for the services that are served. */
export function reflection(services: readonly string[]): Routes {
  const reflected = [...services, v1.fullName, v1alpha.fullName].sort();
  let index: DescriptorIndex | undefined; // Made when somebody asks: most never do.
  const answerAll = async function* (
    requests: AsyncIterable<ServerReflectionRequest>,
  ): AsyncGenerator<ServerReflectionResponse> {
    for await (const request of requests) {
      index ??= new DescriptorIndex(fileDescriptors());
      yield answer(request, reflected, index);
    }
  };
  return {
    [methodPath(v1, 'serverReflectionInfo')]: bidi(v1.methods.serverReflectionInfo, (_call, requests) =>
      answerAll(requests),
    ),
    [methodPath(v1alpha, 'serverReflectionInfo')]: bidi(v1alpha.methods.serverReflectionInfo, (_call, requests) =>
      answerAll(requests),
    ),
  };
}

function answer(
  request: ServerReflectionRequest,
  services: readonly string[],
  index: DescriptorIndex,
): ServerReflectionResponse {
  const asked = request.messageRequest;
  const files = (file: FileDescriptor | undefined, what: string): ServerReflectionResponse['messageResponse'] =>
    file === undefined
      ? notFound(what)
      : { $case: 'fileDescriptorResponse', value: { fileDescriptorProto: index.withImports(file) } };
  const messageResponse = ((): ServerReflectionResponse['messageResponse'] => {
    switch (asked?.$case) {
      case 'fileByFilename':
        return files(index.byName.get(asked.value), asked.value);
      case 'fileContainingSymbol':
        return files(index.bySymbol.get(asked.value), asked.value);
      case 'fileContainingExtension':
        return notFound(`${asked.value.containingType} has no extensions`);
      case 'allExtensionNumbersOfType':
        return index.bySymbol.has(asked.value)
          ? { $case: 'allExtensionNumbersResponse', value: { baseTypeName: asked.value, extensionNumber: [] } }
          : notFound(asked.value);
      case 'listServices':
        return { $case: 'listServicesResponse', value: { service: services.map((name) => ({ name })) } };
      case undefined:
        return failed('invalid_argument', 'the request asks nothing');
      default:
        return asked satisfies never;
    }
  })();
  return { validHost: request.host, originalRequest: request, messageResponse };
}

function notFound(what: string): ServerReflectionResponse['messageResponse'] {
  return failed('not_found', `not known here: ${what.slice(0, 300)}`);
}

function failed(
  code: 'not_found' | 'invalid_argument',
  errorMessage: string,
): ServerReflectionResponse['messageResponse'] {
  return { $case: 'errorResponse', value: { errorCode: codeNumber(code), errorMessage } };
}

class DescriptorIndex {
  readonly byName: ReadonlyMap<string, FileDescriptor>;
  readonly bySymbol: ReadonlyMap<string, FileDescriptor>;

  constructor(files: readonly FileDescriptor[]) {
    this.byName = new Map(files.map((file) => [file.name, file]));
    this.bySymbol = new Map(files.flatMap((file) => file.symbols.map((symbol) => [symbol, file])));
  }

  /** A file and all it needs, the file first. */
  withImports(file: FileDescriptor): Uint8Array[] {
    const found = new Set([file]);
    for (const each of found) {
      for (const name of each.imports) {
        const imported = this.byName.get(name);
        if (imported !== undefined) found.add(imported);
      }
    }
    return Array.from(found, ({ encoded }) => encoded);
  }
}
