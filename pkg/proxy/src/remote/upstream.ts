import type { Codec as Compression } from '@gorego/compression';
import type { Context } from '@gorego/context';
import { Digest, type DigestFunctionName, digestFunctionNames, digestFunctions } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import { type Codec, methodPath, SaturatingReader } from '@gorego/proto';
import {
  CapabilitiesDefinition,
  Compressor_Value,
  type DigestFunction_Value,
  type Digest as DigestMessage,
  GetCapabilitiesRequest,
  ServerCapabilities,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { RpcClient } from '@gorego/rpc';
import type { Retries } from '../guard/retries.ts';
import type { Thresholds } from '../thresholds.ts';

/** One upstream server, as everything that asks it shares it. */
export interface Upstream {
  readonly client: RpcClient;
  readonly retries: Retries;
  readonly clock: Clock;
  /** What it said it can do; undefined until it has said so. */
  readonly capabilities: () => ServerCapabilities | undefined;
  readonly thresholds: Thresholds;
  /** How blobs are compressed on the way there and back, if they are and the upstream has said that it can. */
  readonly codecs: () => UpstreamCodecs;
}

export interface UpstreamCodecs {
  readonly streams?: Compression;
  readonly batches?: Compression;
}

/** What a batch may hold when the upstream sets no limit, or has not said: what every gRPC server accepts by default. */
const unlimitedBatchBytes = 4 * 1024 * 1024 - 512 * 1024;
const unknownBatchBytes = 1024 * 1024;

/** Bytes of blobs in one batch. */
export function batchBytesMax({ capabilities }: Upstream): number {
  const cache = capabilities()?.cacheCapabilities;
  if (cache === undefined) return unknownBatchBytes;
  const { maxBatchTotalSizeBytes: announced } = cache;
  return announced > 0 ? Math.min(announced, unlimitedBatchBytes) : unlimitedBatchBytes;
}

/** Where the upstream, as far as it has said, has what it takes for `zstd`. */
export function codecsOf(capabilities: ServerCapabilities | undefined, zstd: Compression | undefined): UpstreamCodecs {
  const { supportedCompressors = [], supportedBatchUpdateCompressors = [] } = capabilities?.cacheCapabilities ?? {};
  if (zstd === undefined) return {};
  return {
    ...(supportedCompressors.includes(Compressor_Value.ZSTD) && { streams: zstd }),
    ...(supportedBatchUpdateCompressors.includes(Compressor_Value.ZSTD) && { batches: zstd }),
  };
}

/** Asks for capabilities, once: no retries, no limits; a probe, too. */
export async function askCapabilities(
  ctx: Context,
  client: RpcClient,
  instanceName: string,
): Promise<ServerCapabilities> {
  const request = GetCapabilitiesRequest.encode({ instanceName }).finish();
  const bytes = await client.unary(ctx, methodPath(CapabilitiesDefinition, 'getCapabilities'), request);
  return received({ decode: (answer) => ServerCapabilities.decode(new SaturatingReader(answer)) }, bytes);
}

/** A response; what isn't a well-formed one is the upstream's fault. */
export function received<T>(codec: Pick<Codec<T>, 'decode'>, bytes: Uint8Array): T {
  try {
    return codec.decode(bytes);
  } catch (reason) {
    const why = Error.isError(reason) ? reason.message : String(reason);
    throw new Failure('internal', `it answered with a malformed message: ${why}`, { cause: reason });
  }
}

export function messageOf(digest: Digest): DigestMessage {
  return { hash: Digest.hex(digest), sizeBytes: Digest.sizeBytes(digest) };
}

export function functionNumberOf(digest: Digest): DigestFunction_Value {
  return Digest.function(digest).number as DigestFunction_Value;
}

/** `invalid_argument` for a digest of a function that the upstream, as far as it has said, does not offer. */
export function checkOffered({ capabilities }: Upstream, digest: Digest): void {
  const offered = capabilities()?.cacheCapabilities?.digestFunctions ?? [];
  if (offered.length === 0 || offered.includes(functionNumberOf(digest))) return;
  const names = digestFunctionNames.filter((name) => offered.some((each) => each === digestFunctions[name].number));
  throw new Failure(
    'invalid_argument',
    `the backing cache has no blobs of ${Digest.function(digest).name}: it offers ${names.join(', ') || 'none that is known here'}`,
  );
}

/** Questions of one call are of one digest function: the rest of a batch waits for its own. */
export function byFunction(digests: Iterable<Digest>): Map<DigestFunctionName, Digest[]> {
  return Map.groupBy(digests, (digest) => Digest.function(digest).name);
}
