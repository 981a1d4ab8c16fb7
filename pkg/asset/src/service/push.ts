import type { Context } from '@gorego/context';
import { Digest, digestFunctions } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import { methodPath } from '@gorego/proto';
import {
  type PushBlobRequest,
  PushBlobResponse,
  PushDirectoryResponse,
  PushDefinition as service,
} from '@gorego/proto/build/bazel/remote/asset/v1/remote_asset';
import type { Routes } from '@gorego/rpc';
import { type DigestFunctions, type DigestMessage, type Instances, toWrite, unary } from '@gorego/server';
import { type Checksum, type IntegrityFunction, showIntegrity } from '../request/integrity.ts';
import { type Asset, type AssetKind, asset } from './asset-request.ts';
import type { KnownAssets } from './known-assets.ts';
import { millisecondsOf } from './times.ts';

export interface PushInit {
  readonly instances: Instances;
  readonly functions: DigestFunctions;
  readonly known: KnownAssets;
  readonly clock: Clock;
}

type Pushed = Omit<PushBlobRequest, 'blobDigest'>;

/** The Remote Asset API's Push. A blob's checksum is checked; other qualifiers are the client's word. */
export function pushRoutes(init: PushInit): Routes {
  return {
    [methodPath(service, 'pushBlob')]: unary(service.methods.pushBlob, async (call, request) => {
      await push(init, 'blob', call, request, request.blobDigest);
      return PushBlobResponse.fromPartial({});
    }),
    [methodPath(service, 'pushDirectory')]: unary(service.methods.pushDirectory, async (call, request) => {
      await push(init, 'directory', call, request, request.rootDirectoryDigest);
      return PushDirectoryResponse.fromPartial({});
    }),
  };
}

async function push(
  { instances, functions, known, clock }: PushInit,
  kind: AssetKind,
  ctx: Context,
  request: Pushed,
  message: DigestMessage | undefined,
): Promise<void> {
  const instance = toWrite(ctx, instances(request.instanceName));
  const said = functions.named(request.digestFunction);
  const digest = functions.digest(message, said);
  const { name: functionName } = Digest.function(digest);
  const digests = (messages: readonly DigestMessage[]): Digest[] =>
    messages.map((each) => functions.digest(each, functionName));
  const needed = { blobs: digests(request.referencesBlobs), directories: digests(request.referencesDirectories) };
  const pushed = asset(kind, instance, functionName, request);
  const { checksums } = pushed.qualifiers;
  if (kind === 'blob' && checksums.length > 0) await checkIntegrity(ctx, pushed, digest, checksums);
  const expiresMs = request.expireAt === undefined ? undefined : millisecondsOf(request.expireAt);
  const [uri = ''] = request.uris;
  await known.push(ctx, pushed, { uri, digest, sinceMs: clock.now(), expiresMs }, needed, checksums);
}

/** `invalid_argument` unless every checksum is the blob's: others would be taken for it. */
async function checkIntegrity(
  ctx: Context,
  { instance }: Asset,
  digest: Digest,
  checksums: readonly Checksum[],
): Promise<void> {
  const hashers = new Map(
    checksums.map(({ function: name }) => [name, digestFunctions[name].newHasher(Digest.sizeBytes(digest))]),
  );
  const blob = await instance.blobs.get(ctx, digest);
  if (blob === undefined) throw new Failure('invalid_argument', `${digest} is not here: it must be, to be pushed`);
  for await (const chunk of blob) for (const hasher of hashers.values()) hasher.update(chunk);
  const hashes = new Map<IntegrityFunction, string>(Array.from(hashers, ([name, hasher]) => [name, hasher.hex()]));
  const wrong = checksums.find(({ function: name, hex }) => hashes.get(name) !== hex);
  if (wrong !== undefined)
    throw new Failure('invalid_argument', `${digest} has not the checksum ${showIntegrity(wrong)}`);
}
