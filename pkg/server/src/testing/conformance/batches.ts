import assert from 'node:assert/strict';
import {
  type Compressor_Value,
  ContentAddressableStorageDefinition as cas,
  type DigestFunction_Value,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { DigestMessage } from '../../wire-digest.ts';
import { type Blob, keyOf } from './blobs.ts';
import type { Reapi } from './reapi.ts';

/** An enum is open: a number that has no name is what a newer client may send. */
export interface Numbers {
  readonly digestFunction?: number;
  readonly compressor?: number;
}

interface Entry {
  readonly status: { readonly code: number; readonly message: string } | undefined;
}

/** BatchUpdateBlobs of one entry, which fails as that entry does. */
export async function updateOne(
  api: Reapi,
  digest: DigestMessage | undefined,
  data: Uint8Array,
  { digestFunction = 0, compressor = 0 }: Numbers = {},
): Promise<void> {
  const { responses } = await api.unary(cas, 'batchUpdateBlobs', {
    requests: [{ digest, data, compressor: compressor as Compressor_Value }],
    digestFunction: digestFunction as DigestFunction_Value,
  });
  assert.equal(responses.length, 1);
  throwUnlessOk(responses[0]);
}

/** BatchReadBlobs of one entry, which fails as that entry does. */
export async function readOne(
  api: Reapi,
  digest: DigestMessage,
  { digestFunction = 0 }: Numbers = {},
): Promise<Uint8Array> {
  const { responses } = await api.unary(cas, 'batchReadBlobs', {
    digests: [digest],
    digestFunction: digestFunction as DigestFunction_Value,
  });
  assert.equal(responses.length, 1);
  throwUnlessOk(responses[0]);
  return responses[0]?.data ?? Buffer.of();
}

/** Uploads what is not here yet by BatchUpdateBlobs, as many to a batch as any server takes. */
export async function uploadSmall(api: Reapi, blobs: readonly Blob[]): Promise<void> {
  const missing = new Set((await api.findMissing(blobs.map(({ digest }) => digest))).map(keyOf));
  const absent = blobs.filter(({ digest }) => missing.has(keyOf(digest)));
  for (let at = 0; at < absent.length; at += 1000) {
    const requests = absent.slice(at, at + 1000).map(({ digest, bytes: data }) => ({ digest, data }));
    const { responses } = await api.unary(cas, 'batchUpdateBlobs', { requests });
    assert.equal(responses.length, requests.length);
    for (const response of responses) throwUnlessOk(response);
  }
}

function throwUnlessOk(entry: Entry | undefined): void {
  const { code, message } = entry?.status ?? { code: 0, message: '' };
  if (code !== 0) throw Object.assign(new Error(`the entry's status: ${message}`), { code });
}
