import {
  ContentAddressableStorageDefinition as cas,
  type DigestFunction_Value,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { DigestMessage } from '../../wire-digest.ts';
import { readOne, updateOne } from './batches.ts';
import { readName, writeName } from './blobs.ts';
import type { Reapi } from './reapi.ts';

/** A method that takes a digest, reduced to that. A batch is as good as its only entry. */
export interface DigestMethod {
  readonly name: string;
  ask(api: Reapi, digest: DigestMessage, digestFunction?: number): Promise<unknown>;
}

const data = Buffer.from('no blob has these bytes');

/** Those whose requests hold a Digest message and say its function. */
export const messageMethods: readonly DigestMethod[] = [
  {
    name: 'FindMissingBlobs',
    ask: (api, digest, digestFunction) => api.findMissing([digest], withFunction(digestFunction)),
  },
  {
    name: 'BatchUpdateBlobs',
    ask: (api, digest, digestFunction = 0) => updateOne(api, digest, data, { digestFunction }),
  },
  {
    name: 'BatchReadBlobs',
    ask: (api, digest, digestFunction = 0) => readOne(api, digest, { digestFunction }),
  },
  {
    name: 'GetTree',
    ask: (api, rootDigest, digestFunction) =>
      api.serverStream(cas, 'getTree', { rootDigest, ...withFunction(digestFunction) }),
  },
  {
    name: 'GetActionResult',
    ask: (api, digest, digestFunction) => api.getActionResult(digest, withFunction(digestFunction)),
  },
  {
    name: 'UpdateActionResult',
    ask: (api, digest, digestFunction) => api.updateActionResult(digest, { exitCode: 1 }, withFunction(digestFunction)),
  },
];

/** Those that take it in a resource name. */
export const streamMethods: readonly DigestMethod[] = [
  { name: 'Read', ask: (api, digest) => api.read(readName(digest)) },
  {
    name: 'Write',
    ask: (api, digest) => api.write([{ resourceName: writeName(digest), data, finishWrite: true }]),
  },
  { name: 'QueryWriteStatus', ask: (api, digest) => api.queryWriteStatus(writeName(digest)) },
];

/** A number that may have no name is what an open enum is about. */
function withFunction(digestFunction = 0): { digestFunction: DigestFunction_Value } {
  return { digestFunction: digestFunction as DigestFunction_Value };
}
