import { type Context, throwIfEnded } from '@gorego/context';
import { Digest, type DigestFunctionName } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { FetchBlobResponse, type Qualifier } from '@gorego/proto/build/bazel/remote/asset/v1/remote_asset';
import { ActionResult, type OutputDirectory } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { type DigestFunctions, digestMessage } from '@gorego/server';
import { isComplete, type References } from '@gorego/storage';
import { type Checksum, showIntegrity } from '../request/integrity.ts';
import type { Asset } from './asset-request.ts';
import { millisecondsOf, timestampOf } from './times.ts';

/** What a URI is known to stand for. */
export interface KnownAsset {
  /** Where it was found; of pushed content, what it was pushed as. */
  readonly uri: string;
  /** Of a blob, or of a Directory. */
  readonly digest: Digest;
  /** When fetching it began, or when it was pushed. Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Not to be answered from then on. */
  readonly expiresMs?: number | undefined;
}

/** What a pushed asset needs beside itself, for as long as it is known. */
export interface Needed {
  readonly blobs: readonly Digest[];
  readonly directories: readonly Digest[];
}

/** How large the blob of that hash is, where that is known: tells a blob by its hash alone. */
export type SizeOf = (ctx: Context, functionName: DigestFunctionName, hex: string) => Promise<number | undefined>;

const messageType = 'type.googleapis.com/build.bazel.remote.asset.v1.FetchBlobResponse';
const nothing: Needed = { blobs: [], directories: [] };

/**
 * What URIs stand for, remembered as action results of the same instance: each names the content as its output, so
 * what keeps results complete, shares them between tiers and evicts them does so here too.
 */
export class KnownAssets {
  readonly #functions: DigestFunctions;
  readonly #references: References;
  readonly #sizeOf: SizeOf;

  constructor(functions: DigestFunctions, references: References, sizeOf: SizeOf) {
    this.#functions = functions;
    this.#references = references;
    this.#sizeOf = sizeOf;
  }

  /** What is known of any of the URIs, in their order, or of content with that checksum, at `nowMs`. */
  async find(ctx: Context, wanted: Asset, oldestMs: number, nowMs: number): Promise<KnownAsset | undefined> {
    const keys = [
      ...wanted.uris.map((uri) => uriKey(wanted, uri)),
      ...checksumKeys(wanted, wanted.qualifiers.checksums),
    ];
    const found = await Promise.all(keys.map((key) => this.#read(ctx, wanted, key)));
    const at = found.findIndex(
      (known) => known !== undefined && known.sinceMs >= oldestMs && (known.expiresMs ?? Infinity) > nowMs,
    );
    const known = found[at] ?? (await this.#byHash(ctx, wanted, oldestMs, nowMs));
    // Known by its checksum alone, it stands for any of them.
    return known && { ...known, uri: wanted.uris[at] ?? wanted.uris[0] ?? known.uri };
  }

  /** Remembers `known` as what its URI stands for, and as what has these checksums. */
  async remember(ctx: Context, asset: Asset, known: KnownAsset, checksums: readonly Checksum[]): Promise<void> {
    for (const key of [uriKey(asset, known.uri), ...checksumKeys(asset, checksums)]) {
      throwIfEnded(ctx);
      await asset.instance.actions.put(ctx, key, recordOf(asset, known, nothing));
    }
  }

  /**
   * Remembers `known` as what each of the URIs stands for. `invalid_argument` if it, anything below it, or anything
   * it needs is not here.
   */
  async push(
    ctx: Context,
    asset: Asset,
    known: KnownAsset,
    needed: Needed,
    checksums: readonly Checksum[],
  ): Promise<void> {
    const { blobs, actions } = asset.instance;
    const record = recordOf(asset, known, needed);
    const keys = [...asset.uris.map((uri) => uriKey(asset, uri)), ...checksumKeys(asset, checksums)];
    const named = new Set([known.digest, ...needed.blobs, ...needed.directories]);
    const [missing] = await blobs.findMissing(ctx, named);
    if (missing !== undefined)
      throw new Failure('invalid_argument', `${missing} is not here: it must be, to be pushed`);
    const [key] = keys;
    if (key !== undefined && !(await isComplete(ctx, key, record, blobs, this.#references))) {
      throw new Failure('invalid_argument', `something below ${known.digest}, or below what it needs, is not here`);
    }
    for (const each of keys) {
      throwIfEnded(ctx);
      await actions.put(ctx, each, record);
    }
  }

  /** A blob that somebody uploaded and that has the checksum. When it came is not known, so any age must do. */
  async #byHash(ctx: Context, wanted: Asset, oldestMs: number, nowMs: number): Promise<KnownAsset | undefined> {
    const { kind, functionName, instance, qualifiers } = wanted;
    const isByChecksumAlone = qualifiers.shown.every(({ name }) => name === 'checksum.sri');
    if (kind !== 'blob' || oldestMs !== Number.NEGATIVE_INFINITY || !isByChecksumAlone) return undefined;
    for (const { function: name, hex } of qualifiers.checksums) {
      const sizeBytes = name === functionName ? await this.#sizeOf(ctx, name, hex) : undefined;
      if (sizeBytes === undefined) continue;
      const digest = Digest.of(name, hex, sizeBytes);
      const missing = await instance.blobs.findMissing(ctx, new Set([digest]));
      if (missing.size === 0) return { uri: '', digest, sinceMs: nowMs };
    }
    return undefined;
  }

  async #read(ctx: Context, wanted: Asset, key: Digest): Promise<KnownAsset | undefined> {
    const record = await wanted.instance.actions.get(ctx, key);
    if (record === undefined) return undefined;
    const known = assetOf(record, wanted, this.#functions);
    // A cache may be written to by many; a checksum is believed to nobody where it can be compared.
    const sha256s = wanted.qualifiers.checksums.filter((checksum) => checksum.function === 'sha256');
    const isComparable =
      wanted.kind === 'blob' &&
      wanted.functionName === 'sha256' &&
      sha256s.length === wanted.qualifiers.checksums.length;
    if (known === undefined || !isComparable || sha256s.length === 0) return known;
    return sha256s.some(({ hex }) => hex === Digest.hex(known.digest)) ? known : undefined;
  }
}

function recordOf({ kind }: Asset, { uri, digest, sinceMs, expiresMs }: KnownAsset, needed: Needed): Uint8Array {
  const isBlob = kind === 'blob';
  const said = FetchBlobResponse.fromPartial({
    uri,
    ...(expiresMs !== undefined && { expiresAt: timestampOf(expiresMs) }),
  });
  const directory = (root: Digest, path: string): Partial<OutputDirectory> => ({
    path,
    rootDirectoryDigest: digestMessage(root),
  });
  return ActionResult.encode(
    ActionResult.fromPartial({
      outputFiles: [...(isBlob ? [digest] : []), ...needed.blobs].map((blob, i) => ({
        path: `blob${i}`,
        digest: digestMessage(blob),
      })),
      outputDirectories: [...(isBlob ? [] : [digest]), ...needed.directories].map((root, i) =>
        directory(root, `tree${i}`),
      ),
      executionMetadata: {
        worker: 'goREgo remote asset',
        workerStartTimestamp: timestampOf(sinceMs),
        auxiliaryMetadata: [{ typeUrl: messageType, value: FetchBlobResponse.encode(said).finish() }],
      },
    }),
  ).finish();
}

/** Undefined for a record that says nothing of use: somebody else's result, by a chance that can't be. */
function assetOf(
  record: Uint8Array,
  { kind, functionName }: Asset,
  functions: DigestFunctions,
): KnownAsset | undefined {
  const { outputFiles, outputDirectories, executionMetadata } = ActionResult.decode(record);
  const message = kind === 'blob' ? outputFiles[0]?.digest : outputDirectories[0]?.rootDirectoryDigest;
  const told = executionMetadata?.auxiliaryMetadata.find(({ typeUrl }) => typeUrl === messageType);
  const since = executionMetadata?.workerStartTimestamp;
  if (message === undefined || told === undefined || since === undefined) return undefined;
  const { uri, expiresAt } = FetchBlobResponse.decode(told.value);
  return {
    uri,
    digest: functions.digest(message, functionName),
    sinceMs: millisecondsOf(since),
    expiresMs: expiresAt && millisecondsOf(expiresAt),
  };
}

function uriKey({ kind, functionName, qualifiers }: Asset, uri: string): Digest {
  return keyOf(kind, functionName, uri, qualifiers.identity);
}

/** Whatever its URI: content with that checksum, where nothing but credentials and the checksum itself may differ. */
function checksumKeys({ kind, functionName, qualifiers }: Asset, checksums: readonly Checksum[]): Digest[] {
  const others = qualifiers.shown.filter(({ name }) => name !== 'checksum.sri');
  return checksums.map((checksum) =>
    keyOf(kind, functionName, '', [...others, { name: 'checksum.sri', value: showIntegrity(checksum) }]),
  );
}

/** The key stands for all that tells an asset from others. It is no Action's: an Action is no JSON. */
function keyOf(kind: string, functionName: DigestFunctionName, uri: string, identity: readonly Qualifier[]): Digest {
  const text = JSON.stringify(['goREgo remote asset', 1, kind, uri, identity.map(({ name, value }) => [name, value])]);
  return Digest.ofBytes(Buffer.from(text), functionName);
}
