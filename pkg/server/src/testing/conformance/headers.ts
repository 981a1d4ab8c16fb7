import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { methodPath } from '@gorego/proto';
import {
  ContentAddressableStorageDefinition as cas,
  RequestMetadata,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { ByteStreamDefinition as stream } from '@gorego/proto/google/bytestream/bytestream';
import { absentDigest, assertSame, freshBlob, piecesOf, readName, upload, writeName } from './blobs.ts';
import { framed, RawConnection } from './raw-connection.ts';
import { encoded, Reapi } from './reapi.ts';
import { asking, type ConformanceCase, onlyStrict, type Subject } from './suite.ts';

const requestMetadata = RequestMetadata.encode(
  RequestMetadata.fromPartial({
    toolDetails: { toolName: 'bazel', toolVersion: '8.7.0' },
    actionId: 'ab'.repeat(32),
    toolInvocationId: '4d9a6ac2-0f2f-4a4c-9a4e-2f4a0f1b6b5e',
    targetId: '//some:target',
  }),
).finish();
const padded = Buffer.from(requestMetadata).toString('base64');

/** What may stand in the header that says who is calling. The last ones, some servers' gRPC refuses for its own part. */
const callers: readonly (readonly [what: string, value: string, appliesTo?: (subject: Subject) => boolean])[] = [
  ['padded', padded],
  ['unpadded', padded.replace(/=+$/, '')],
  ['not a message', randomBytes(60).toString('base64')],
  ['empty', ''],
  ['huge', Buffer.alloc(9000, 0x0a).toString('base64')],
  ['no base64', '!!! not base64 ###', onlyStrict],
  ['cut off', padded.slice(0, 21), onlyStrict],
  ['said twice', `${padded},${padded}`, onlyStrict],
];

const requestMetadataHeader = 'build.bazel.remote.execution.v2.requestmetadata-bin';
const resourceNameHeader = 'build.bazel.remote.execution.v2.resource-name';

/** What grpc-java accepts of headers or trailers by default, names and values and 32 bytes for each. */
const headerListBytesMax = 8192;

/** Names that are none, long enough to burst what says so. */
const longTexts: readonly (readonly [string, string])[] = [
  ['ASCII', 'x'.repeat(1900)],
  ['three bytes each', '世'.repeat(1900)],
  ['control characters', '\n'.repeat(1900)],
  ['100 KiB', 'x'.repeat(100 * 2 ** 10)],
];

/** What headers mean, and what trailers may weigh. */
export const headers: readonly ConformanceCase[] = [
  ...(callers.map(([what, value, appliesTo = () => true]) => ({
    appliesTo,
    name: `answers as always when the header that says who is calling is: ${what}`,
    obligations: ['GEN-8'], // obligation: GEN-8
    run: async (subject) => {
      using connection = new RawConnection(subject.address);
      const request = framed(encoded(cas, 'findMissingBlobs', { blobDigests: [absentDigest()] }));
      const path = methodPath(cas, 'findMissingBlobs');
      const plain = await connection.call(path, request);
      const answer = await connection.call(path, request, { [requestMetadataHeader]: value });
      assert.equal(answer.headers['grpc-status'], '0');
      assertSame(answer.body, plain.body);
    },
  })) satisfies ConformanceCase[]),
  {
    name: 'takes the resource name of a stream in a header too, if it is the same',
    obligations: ['GEN-9'], // obligation: GEN-9
    run: asking(async (api) => {
      const blob = freshBlob(200_000);
      const [written, read] = [writeName(blob.digest), readName(blob.digest)];
      await api.write(piecesOf(blob, written), { [resourceNameHeader]: written });
      assertSame(await api.read(read, 0, 0, { [resourceNameHeader]: read }), blob.bytes);
      await api.ends(api.queryWriteStatus(written, { [resourceNameHeader]: written }), 'ok', 'unimplemented');
    }),
  },
  {
    name: 'refuses a stream whose header names another',
    obligations: ['GEN-9'], // obligation: GEN-9
    run: asking(async (api) => {
      const [blob, other] = [freshBlob(2000), freshBlob(2000)];
      await upload(api, blob);
      const header = { [resourceNameHeader]: readName(other.digest) };
      await api.ends(api.read(readName(blob.digest), 0, 0, header), 'invalid_argument', 'ok');
      await api.ends(api.write(piecesOf(other), header), 'invalid_argument', 'ok');
      await api.ends(api.queryWriteStatus(writeName(other.digest), header), 'invalid_argument', 'ok', 'unimplemented');
    }),
  },
  ...(longTexts.map(([what, text]) => ({
    name: `says what is wrong with a long name in less than every client accepts: ${what}`,
    obligations: ['GEN-11'], // obligation: GEN-11
    run: async (subject) => {
      using connection = new RawConnection(subject.address);
      const methods = [
        [methodPath(stream, 'read'), encoded(stream, 'read', { resourceName: text })],
        [methodPath(stream, 'queryWriteStatus'), encoded(stream, 'queryWriteStatus', { resourceName: text })],
        [methodPath(cas, 'findMissingBlobs'), encoded(cas, 'findMissingBlobs', { instanceName: `blobs/${text}` })],
      ] as const;
      for (const [path, request] of methods) {
        const answer = await connection.call(path, framed(request));
        if (subject.mode === 'strict') assert.equal(answer.headers['grpc-status'], '3');
        const weigh = ([name, value]: [string, unknown]): number => name.length + String(value).length + 32;
        const bytes = Object.entries(answer.headers).reduce((sum, entry) => sum + weigh(entry), 0);
        assert(bytes < headerListBytesMax, `${bytes} bytes of trailers`);
      }
      using api = new Reapi(subject);
      await api.has(absentDigest());
    },
  })) satisfies ConformanceCase[]),
];
