import assert from 'node:assert/strict';
import { methodPath } from '@gorego/proto';
import {
  ServerReflectionRequest,
  ServerReflectionResponse,
  ServerReflectionDefinition as v1,
} from '@gorego/proto/grpc/reflection/v1/reflection';
import { ServerReflectionDefinition as v1alpha } from '@gorego/proto/grpc/reflection/v1alpha/reflection';
import type { Reapi } from './reapi.ts';
import { asking, type ConformanceCase, offering } from './suite.ts';

type Question = NonNullable<ServerReflectionRequest['messageRequest']>;
type Answer = ServerReflectionResponse['messageResponse'];

const paths = [methodPath(v1, 'serverReflectionInfo'), methodPath(v1alpha, 'serverReflectionInfo')];

/** Asks one after the other in one stream. */
async function answersTo(api: Reapi, path: string, questions: readonly Question[]): Promise<Answer[]> {
  const call = api.raw.bidi(path);
  const answers: Answer[] = [];
  const iterator = call[Symbol.asyncIterator]();
  for (const messageRequest of questions) {
    call.write(Buffer.from(ServerReflectionRequest.encode({ host: 'here', messageRequest }).finish()));
    const { value } = await iterator.next();
    const { originalRequest, messageResponse } = ServerReflectionResponse.decode(value as Buffer);
    assert.equal(originalRequest?.messageRequest?.$case, messageRequest.$case);
    answers.push(messageResponse);
  }
  call.end();
  assert.equal((await iterator.next()).done, true);
  return answers;
}

/** Server reflection, in both its versions. */
export const reflection: readonly ConformanceCase[] = [
  {
    name: 'lists every service that can be called',
    obligations: ['RF-1'], // obligation: RF-1
    appliesTo: offering('reflection'),
    run: asking(async (api) => {
      for (const path of paths) {
        const [answer] = await answersTo(api, path, [{ $case: 'listServices', value: '' }]);
        assert(answer?.$case === 'listServicesResponse');
        const names = answer.value.service.map(({ name }) => name);
        for (const name of ['ActionCache', 'Capabilities', 'ContentAddressableStorage']) {
          assert(names.includes(`build.bazel.remote.execution.v2.${name}`), name);
        }
        assert(names.includes('google.bytestream.ByteStream'));
        if (api.isStrict) assert(names.includes(v1.fullName) && names.includes(v1alpha.fullName));
      }
    }),
  },
  {
    name: 'gives the files of what it names, and goes on after what it does not know',
    obligations: ['RF-1'], // obligation: RF-1
    appliesTo: offering('reflection'),
    run: asking(async (api) => {
      for (const path of paths) {
        const answers = await answersTo(api, path, [
          { $case: 'fileContainingSymbol', value: 'google.bytestream.ByteStream' },
          { $case: 'fileContainingSymbol', value: 'no.such.Symbol' },
          { $case: 'fileByFilename', value: 'no/such/file.proto' },
          { $case: 'fileContainingExtension', value: { containingType: 'no.such.Type', extensionNumber: 1 } },
          { $case: 'fileContainingSymbol', value: 'build.bazel.remote.execution.v2.Digest' },
        ]);
        const kinds = answers.map((answer) =>
          answer?.$case === 'errorResponse' ? answer.value.errorCode : (answer?.$case ?? ''),
        );
        const file = 'fileDescriptorResponse';
        assert.deepEqual(kinds, [file, 5, 5, 5, file]);
      }
    }),
  },
];
