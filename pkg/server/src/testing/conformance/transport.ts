import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { methodPath } from '@gorego/proto';
import { ContentAddressableStorageDefinition as cas } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { ByteStreamDefinition as stream } from '@gorego/proto/google/bytestream/bytestream';
import { absentDigest, freshBlob, writeName } from './blobs.ts';
import { framed, RawConnection, type RawResponse, received } from './raw-connection.ts';
import { encoded, Reapi } from './reapi.ts';
import { asking, type ConformanceCase, type Feature, withoutOffering } from './suite.ts';

const v2 = '/build.bazel.remote.execution.v2';
const unimplemented: readonly (readonly [Feature | undefined, string])[] = [
  ['chunking', `${v2}.ContentAddressableStorage/SplitBlob`],
  ['chunking', `${v2}.ContentAddressableStorage/SpliceBlob`],
  ['chunking', `${v2}.ContentAddressableStorage/GetChunkMapping`],
  ['chunking', `${v2}.ContentAddressableStorage/RegisterChunkMapping`],
  ['execution', `${v2}.Execution/Execute`],
  ['execution', `${v2}.Execution/WaitExecution`],
  ['execution', '/google.longrunning.Operations/GetOperation'],
  ['asset', '/build.bazel.remote.asset.v1.Fetch/FetchBlob'],
  ['asset', '/build.bazel.remote.asset.v1.Fetch/FetchDirectory'],
  ['asset', '/build.bazel.remote.asset.v1.Push/PushBlob'],
  ['log-streams', '/build.bazel.remote.logstream.v1.LogStreamService/CreateLogStream'],
  [undefined, `${v2}.ContentAddressableStorage/NoSuchMethod`],
  [undefined, '/no.such.Service/Method'],
];

const findMissing = methodPath(cas, 'findMissingBlobs');
const request = encoded(cas, 'findMissingBlobs', { blobDigests: [absentDigest()] });

/** Bodies of a unary call that are not one gRPC message. */
const bodies: readonly (readonly [string, Buffer, Record<string, string>?])[] = [
  ['nothing at all', Buffer.of()],
  ['half a frame’s header', Buffer.of(0, 0, 0)],
  ['less than it announces', framed(request, { length: request.byteLength + 1 })],
  ['4 GiB announced', framed(request, { length: 0xffffffff })],
  ['two messages', Buffer.concat([framed(request), framed(request)])],
  ['more after the message', Buffer.concat([framed(request), Buffer.from('more')])],
  ['compressed by nothing', framed(request, { flag: 1 })],
  ['a flag nobody knows', framed(request, { flag: 0xff })],
  ['compressed by gzip, and none', framed(request, { flag: 1 }), { 'grpc-encoding': 'gzip' }],
  ['compressed by what nobody knows', framed(request, { flag: 1 }), { 'grpc-encoding': 'nonsense' }],
  ['100 MiB compressed by gzip', framed(gzipSync(Buffer.alloc(100 << 20)), { flag: 1 }), { 'grpc-encoding': 'gzip' }],
  ['a timeout nobody knows', framed(request), { 'grpc-timeout': 'soon' }],
  ['another content type', framed(request), { 'content-type': 'text/plain' }],
];

function isOk({ headers }: RawResponse): boolean {
  return headers['grpc-status'] === '0';
}

/** What the connection under the calls bears. */
export const transport: readonly ConformanceCase[] = [
  ...unimplemented.map(([feature, path]) => ({
    name: `says of ${path} that there is no such thing`,
    obligations: ['GEN-12'], // obligation: GEN-12
    appliesTo: withoutOffering(...(feature === undefined ? [] : [feature])),
    run: asking(async (api) => {
      await api.ends(api.raw.unary(path, Buffer.of()), 'unimplemented');
    }),
  })),
  {
    name: 'refuses a message larger than it takes, and goes on',
    obligations: ['GEN-10'], // obligation: GEN-10
    run: asking(async (api) => {
      const blob = freshBlob(17 * 2 ** 20);
      const whole = { resourceName: writeName(blob.digest), data: blob.bytes, finishWrite: true };
      await api.ends(api.write([whole]), 'resource_exhausted', 'invalid_argument', 'ok');
      await api.ends(api.raw.unary(findMissing, blob.bytes), 'resource_exhausted', 'invalid_argument');
      assert.equal(await api.has(absentDigest()), false);
    }),
  },
  {
    name: 'bears pings on a connection without calls',
    obligations: ['GEN-14'], // obligation: GEN-14
    run: async (subject) => {
      using connection = new RawConnection(subject.address);
      let goneAway = false;
      connection.session.on('goaway', () => (goneAway = true));
      await connection.connected;
      const ping = (): Promise<void> =>
        new Promise((resolve, reject) => connection.session.ping((error) => (error ? reject(error) : resolve())));
      for (let i = 0; i < 100; i++) await ping();
      assert(isOk(await connection.call(findMissing, framed(request))));
      for (let i = 0; i < 100; i++) await ping();
      assert(isOk(await connection.call(findMissing, framed(request))));
      assert(!goneAway);
    },
  },
  {
    name: 'bears 120 calls at once on one connection',
    obligations: ['GEN-14'], // obligation: GEN-14
    run: async (subject) => {
      using connection = new RawConnection(subject.address);
      const blobs = Array.from({ length: 120 }, () => freshBlob(100));
      const open = blobs.map(({ digest, bytes }) => {
        const upload = connection.open(methodPath(stream, 'write'));
        upload.write(framed(encoded(stream, 'write', { resourceName: writeName(digest), data: bytes })));
        return { upload, answer: received(upload) };
      });
      assert(isOk(await connection.call(findMissing, framed(request))), 'a call beside 120 others');
      assert((connection.session.remoteSettings.maxConcurrentStreams ?? 2 ** 31) >= 100);
      for (const { upload } of open) {
        upload.end(framed(encoded(stream, 'write', { writeOffset: 100, finishWrite: true })));
      }
      for (const { answer } of open) assert(isOk(await answer));
    },
  },
  ...(bodies.map(([what, body, headers]) => ({
    name: `survives a call of ${what}`,
    obligations: ['GEN-16'], // obligation: GEN-16
    run: async (subject) => {
      using connection = new RawConnection(subject.address);
      await connection.call(findMissing, body, headers); // That it ends is all that is asked.
      await connection.call(methodPath(stream, 'write'), body, headers);
      await connection.call(methodPath(stream, 'read'), body, headers);
      using api = new Reapi(subject);
      assert.equal(await api.has(absentDigest()), false);
      using another = new RawConnection(subject.address);
      assert(isOk(await another.call(findMissing, framed(request))));
    },
  })) satisfies ConformanceCase[]),
];
