import assert from 'node:assert/strict';
import { methodPath, type ServiceDefinition, writeLengthDelimitedHeader } from '@gorego/proto';
import {
  ActionCacheDefinition,
  CapabilitiesDefinition,
  type Compressor_Value,
  ContentAddressableStorageDefinition as cas,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { ByteStreamDefinition } from '@gorego/proto/google/bytestream/bytestream';
import { HealthDefinition } from '@gorego/proto/grpc/health/v1/health';
import { ServerReflectionDefinition as v1 } from '@gorego/proto/grpc/reflection/v1/reflection';
import { ServerReflectionDefinition as v1alpha } from '@gorego/proto/grpc/reflection/v1alpha/reflection';
import { absentDigest, freshBlob, writeName } from './blobs.ts';
import { messageMethods } from './digest-methods.ts';
import { encoded, type Reapi } from './reapi.ts';
import { asking, type ConformanceCase, type Subject } from './suite.ts';
import { beginUpload } from './uploads.ts';

/** Bytes that are no message of any type. */
const garbage: readonly string[] = [
  '0affffffff0f', // A field longer than the message.
  'ffffffffffffffffffffff', // A number of more than 64 bits.
  '0a', // A field cut off.
  '00', // Field 0.
  '0b'.repeat(500), // Groups in groups.
  '0f', // A kind of value there is not.
  '1a0512ffffffff', // The same inside a message.
];

/** Paths of all methods that the subject serves. */
function pathsOf({ offers }: Subject): string[] {
  const services: ServiceDefinition[] = [ActionCacheDefinition, CapabilitiesDefinition, cas, ByteStreamDefinition];
  if (offers.includes('health')) services.push(HealthDefinition);
  if (offers.includes('reflection')) services.push(v1, v1alpha);
  const paths = services.flatMap((service) => Object.keys(service.methods).map((name) => methodPath(service, name)));
  return offers.includes('chunking') ? paths : paths.filter((path) => !/(Spl(it|ice)Blob|ChunkMapping)$/.test(path));
}

/** Sends one message to a method of any kind, and waits for the first answer or the end. */
function firstAnswer(api: Reapi, path: string, message: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = api.raw.bidi(path);
    call.once('data', () => {
      resolve();
      call.cancel();
    });
    call.on('error', reject);
    call.once('end', resolve);
    call.end(Buffer.from(message));
  });
}

/** What no honest client sends. The server answers INVALID_ARGUMENT where there is an answer, and serves on. */
export const hostile: readonly ConformanceCase[] = [
  ...garbage.map((hex) => ({
    name: `refuses, in every method, a message of ${hex.slice(0, 24)}`,
    obligations: ['GEN-16'], // obligation: GEN-16
    run: asking(async (api) => {
      for (const path of pathsOf(api.subject)) {
        const isNested = hex.startsWith('1a');
        const answer = firstAnswer(api, path, Buffer.from(hex, 'hex'));
        const fine = isNested ? (['ok', 'not_found'] as const) : [];
        await api
          .endsInAny(
            answer,
            'invalid_argument',
            ...fine,
            ...(api.isStrict ? [] : (['internal', 'unimplemented'] as const)),
          )
          .catch((reason: unknown) => assert.fail(`${path}: ${reason}`));
      }
    }),
  })),
  {
    name: 'says INTERNAL to no bytes whatever',
    obligations: ['GEN-16'], // obligation: GEN-16
    run: asking(async (api) => {
      const answers = ['ok', 'invalid_argument', 'not_found', 'out_of_range', 'unimplemented'] as const;
      let seed = 1;
      const next = (): number => (seed = (seed * 48_271) % 2_147_483_647);
      for (const path of pathsOf(api.subject)) {
        const tries = Array.from({ length: 40 }, (_, i) => Uint8Array.from({ length: i }, () => next() >> 7));
        for (const bytes of api.isStrict ? tries : []) {
          await api.endsInAny(firstAnswer(api, path, bytes), ...answers).catch((reason: unknown) => {
            assert.fail(`${path} ${Buffer.from(bytes).toString('hex')}: ${reason}`);
          });
        }
      }
    }),
  },
  {
    name: 'ignores fields it does not know, in every method',
    obligations: ['GEN-16'], // obligation: GEN-16
    run: asking(async (api) => {
      const unknown = Buffer.concat([writeLengthDelimitedHeader(4000, 3), Buffer.from('new')]);
      const request = encoded(cas, 'findMissingBlobs', { blobDigests: [absentDigest()] });
      const answer = await api.raw.unary(
        methodPath(cas, 'findMissingBlobs'),
        Buffer.concat([unknown, request, unknown]),
      );
      assert.equal(cas.methods.findMissingBlobs.responseType.decode(answer).missingBlobDigests.length, 1);
      const path = methodPath(CapabilitiesDefinition, 'getCapabilities');
      assert((await api.raw.unary(path, unknown)).byteLength > 0);
    }),
  },
  {
    name: 'takes compressors that nobody knows for ones it has not got',
    obligations: ['GEN-16', 'BRB-3'], // obligation: GEN-16, BRB-3
    run: asking(async (api) => {
      const digest = absentDigest();
      const acceptableCompressors = [77, -1, 2_147_483_647] as number[] as Compressor_Value[];
      const { responses } = await api.unary(cas, 'batchReadBlobs', { digests: [digest], acceptableCompressors });
      assert.equal(responses[0]?.status?.code, 5);
    }),
  },
  {
    name: 'survives messages of nothing but the smallest fields',
    obligations: ['GEN-16', 'GEN-10'], // obligation: GEN-16, GEN-10
    run: asking(async (api) => {
      const flood = Buffer.alloc(1_100_000, Buffer.of(0x12, 0)); // More than half a million times field 2.
      const nested = Buffer.concat([writeLengthDelimitedHeader(3, flood.byteLength), flood]);
      const answers = ['invalid_argument', 'resource_exhausted', 'ok'] as const;
      for (const path of pathsOf(api.subject).filter((path) => path.includes('.v2.'))) {
        const message = path.endsWith('UpdateActionResult') ? nested : flood;
        await api.endsInAny(firstAnswer(api, path, message), ...answers);
      }
      assert.equal(await api.has(absentDigest()), false);
    }),
  },
  {
    name: 'bears 200 uploads that announce a petabyte and send nothing',
    obligations: ['GEN-15', 'BSW-25'], // obligation: GEN-15, BSW-25
    run: asking(async (api) => {
      const silent = Array.from({ length: 200 }, () => {
        const begun = beginUpload(api);
        begun.send({ resourceName: writeName(absentDigest(2 ** 50)) });
        return begun;
      });
      const blob = freshBlob(1000);
      for (const { name, ask } of messageMethods) {
        await ask(api, blob.digest).catch(() => name);
      }
      assert.equal(await api.has(blob.digest), false);
      for (const begun of silent) begun.cancel();
      await Promise.all(silent.map(({ answer }) => api.endsInAny(answer, 'cancelled')));
    }),
  },
];
