import assert from 'node:assert/strict';
import { ContentAddressableStorageDefinition as cas } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { DigestMessage } from '../../wire-digest.ts';
import { absentDigest, readName, writeName } from './blobs.ts';
import type { CodeName, Reapi } from './reapi.ts';
import { asking, type ConformanceCase } from './suite.ts';

/** Every method that takes an instance name, asked in that instance. */
const inInstance: Readonly<
  Record<string, (api: Reapi, instanceName: string, digest: DigestMessage) => Promise<unknown>>
> = {
  GetCapabilities: (api, instanceName) => api.capabilities(instanceName),
  FindMissingBlobs: (api, instanceName, digest) => api.findMissing([digest], { instanceName }),
  BatchUpdateBlobs: (api, instanceName) => api.unary(cas, 'batchUpdateBlobs', { instanceName }),
  BatchReadBlobs: (api, instanceName) => api.unary(cas, 'batchReadBlobs', { instanceName }),
  GetTree: (api, instanceName, rootDigest) => api.serverStream(cas, 'getTree', { instanceName, rootDigest }),
  GetActionResult: (api, instanceName, digest) => api.getActionResult(digest, { instanceName }),
  UpdateActionResult: (api, instanceName, digest) => api.updateActionResult(digest, {}, { instanceName }),
  Read: (api, instance, digest) => api.read(readName(digest, instance)),
  QueryWriteStatus: (api, instance, digest) => api.queryWriteStatus(writeName(digest, { instance })),
};

async function assertNoInstance(api: Reapi, instanceName: string, ...orFairly: CodeName[]): Promise<void> {
  for (const [name, ask] of Object.entries(inInstance)) {
    // In a resource name, a slash before all else is none of the instance's.
    if (instanceName.startsWith('/') && (name === 'Read' || name === 'QueryWriteStatus')) continue;
    const call = ask(api, instanceName, absentDigest());
    await api
      .ends(call, 'invalid_argument', 'permission_denied', ...orFairly)
      .catch((reason: unknown) => assert.fail(`${name}: ${reason}`));
  }
}

/** Which instance names there are. */
export const instanceNames: readonly ConformanceCase[] = [
  ...['blobs', 'a/uploads/b', 'operations', 'a//b', '/a', 'a/', 'a\0b', 'a\nb', 'x'.repeat(1025)].map(
    (instanceName) => ({
      name: `refuses, in every method, the instance name ${JSON.stringify(instanceName.slice(0, 30))}`,
      obligations: ['GEN-13'], // obligation: GEN-13
      run: asking((api) => assertNoInstance(api, instanceName, 'ok', 'not_found', 'unimplemented')),
    }),
  ),
  {
    name: 'refuses, in every method, an instance it has not got, and never by NOT_FOUND',
    obligations: ['GEN-13'], // obligation: GEN-13
    appliesTo: ({ unknownInstance }) => unknownInstance !== undefined,
    run: asking((api) => assertNoInstance(api, api.subject.unknownInstance ?? '')),
  },
];
