import type { Codec } from '@gorego/compression';
import { type Context, withTimeout } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Random } from '@gorego/platform';
import { methodPath } from '@gorego/proto';
import {
  BatchReadBlobsRequest,
  BatchReadBlobsResponse,
  BatchUpdateBlobsRequest,
  BatchUpdateBlobsResponse,
  Compressor_Value,
  FindMissingBlobsRequest,
  FindMissingBlobsResponse,
  ContentAddressableStorageDefinition as service,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Status } from '@gorego/proto/google/rpc/status';
import { codeOf } from '@gorego/rpc';
import { BlobReader, type BlobStore, type ByteRange, bytesOf, isWhole, spanOf } from '@gorego/storage';
import { Batches } from './batches.ts';
import { download } from './downloads.ts';
import { MissingQuestions } from './missing-questions.ts';
import { upload, uploadOnce } from './uploads.ts';
import {
  batchBytesMax,
  byFunction,
  checkOffered,
  functionNumberOf,
  messageOf,
  received,
  type Upstream,
} from './upstream.ts';

/** Entries of one batch, and what each takes beside its data. */
const entriesMax = 1000;
const entryBytes = 100;

/** A unary call that the caller set no deadline for. */
const callTimeoutMs = 60_000;

/** The blobs of one instance of an upstream cache. What it gives is not verified here. */
export class RemoteBlobs implements BlobStore {
  readonly #upstream: Upstream;
  readonly #random: Random;
  readonly #instance: string;
  readonly #reads: Batches<Digest, Uint8Array | undefined>;
  readonly #writes: Batches<Entry, undefined>;
  readonly #questions: MissingQuestions;
  /** Set once the upstream has said that it knows no batches. */
  #hasBatches = true;

  constructor(upstream: Upstream, random: Random, instance: string) {
    this.#upstream = upstream;
    this.#random = random;
    this.#instance = instance;
    const { clock } = upstream;
    const limits = (): { items: number; bytes: number } => ({ items: entriesMax, bytes: batchBytesMax(upstream) });
    this.#reads = new Batches({ clock, limits, send: (ctx, digests) => this.#readBatch(ctx, digests) });
    this.#writes = new Batches({ clock, limits, send: (ctx, entries) => this.#writeBatch(ctx, entries) });
    this.#questions = new MissingQuestions(clock, (ctx, digests) => this.#findMissing(ctx, digests));
  }

  async get(ctx: Context, digest: Digest, range?: ByteRange): Promise<BlobReader | undefined> {
    const span = spanOf(digest, range);
    checkOffered(this.#upstream, digest);
    if (this.#isSmall(digest) && isWhole(range)) {
      try {
        const bytes = await this.#reads.ask(ctx, digest, Digest.sizeBytes(digest) + entryBytes);
        return bytes && BlobReader.ofBytes(bytes);
      } catch (reason) {
        if (!this.#learntNoBatches(reason)) throw reason;
      }
    }
    return download(ctx, this.#upstream, this.#instance, digest, span);
  }

  async put(ctx: Context, digest: Digest, blob: BlobReader): Promise<void> {
    await using owned = blob;
    checkOffered(this.#upstream, digest);
    if (this.#isSmall(digest))
      return await this.#putSmall(ctx, digest, await bytesOf(owned, this.#upstream.thresholds.inMemory));
    if (
      owned.sizeBytes >= this.#upstream.thresholds.askFirst &&
      (await this.findMissing(ctx, new Set([digest]))).size === 0
    )
      return;
    const { again } = owned;
    if (again === undefined) return await uploadOnce(ctx, this.#upstream, this.#random, this.#instance, digest, owned);
    await upload(ctx, this.#upstream, this.#random, this.#instance, digest, again);
  }

  async findMissing(ctx: Context, digests: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>> {
    // Before they travel with those of others, who must not fail by it.
    for (const [digest] of byFunction(digests).values()) if (digest !== undefined) checkOffered(this.#upstream, digest);
    return this.#questions.findMissing(ctx, digests);
  }

  #isSmall(digest: Digest): boolean {
    return (
      this.#hasBatches &&
      Digest.sizeBytes(digest) <= Math.min(this.#upstream.thresholds.inMemory, batchBytesMax(this.#upstream) / 4)
    );
  }

  async #putSmall(ctx: Context, digest: Digest, bytes: Uint8Array): Promise<void> {
    try {
      await this.#writes.ask(ctx, { digest, bytes }, bytes.byteLength + entryBytes);
    } catch (reason) {
      if (!this.#learntNoBatches(reason)) throw reason;
      const source = async (offset: number): Promise<BlobReader> => BlobReader.ofBytes(bytes.subarray(offset));
      await upload(ctx, this.#upstream, this.#random, this.#instance, digest, source);
    }
  }

  #learntNoBatches(reason: unknown): boolean {
    if (!(reason instanceof Failure) || reason.code !== 'unimplemented') return false;
    this.#hasBatches = false;
    return true;
  }

  async #readBatch(ctx: Context, digests: readonly Digest[]): Promise<(Uint8Array | undefined | Failure)[]> {
    const found = new Map<Digest, Uint8Array | undefined | Failure>();
    const { batches: codec } = this.#upstream.codecs();
    for (const group of byFunction(new Set(digests)).values()) {
      const request = BatchReadBlobsRequest.encode({
        instanceName: this.#instance,
        digests: group.map(messageOf),
        acceptableCompressors: codec === undefined ? [] : [Compressor_Value.ZSTD],
        digestFunction: functionNumberOf(group[0] as Digest),
      }).finish();
      const bytes = await this.#call(ctx, methodPath(service, 'batchReadBlobs'), request);
      const byName = new Map(group.map((digest) => [nameOf(messageOf(digest)), digest]));
      for (const { digest: message, data, compressor, status } of received(BatchReadBlobsResponse, bytes).responses) {
        const digest = message && byName.get(nameOf(message));
        if (digest !== undefined) found.set(digest, failureOf(status) ?? plain(digest, data, compressor, codec));
      }
    }
    return digests.map((digest) => {
      if (!found.has(digest)) return new Failure('internal', `it left ${digest} out of its answer`);
      const answer = found.get(digest);
      return answer instanceof Failure && answer.code === 'not_found' ? undefined : answer;
    });
  }

  async #writeBatch(ctx: Context, entries: readonly Entry[]): Promise<(undefined | Failure)[]> {
    const outcomes = new Map<Digest, Failure | undefined>();
    const blobs = new Map(entries.map(({ digest, bytes }) => [digest, bytes]));
    const { batches: codec } = this.#upstream.codecs();
    for (const group of byFunction(blobs.keys()).values()) {
      const request = BatchUpdateBlobsRequest.encode({
        instanceName: this.#instance,
        requests: group.map((digest) => ({
          digest: messageOf(digest),
          ...shortened(blobs.get(digest) ?? new Uint8Array(), codec),
        })),
        digestFunction: functionNumberOf(group[0] as Digest),
      }).finish();
      const bytes = await this.#call(ctx, methodPath(service, 'batchUpdateBlobs'), request);
      const byName = new Map(group.map((digest) => [nameOf(messageOf(digest)), digest]));
      for (const { digest: message, status } of received(BatchUpdateBlobsResponse, bytes).responses) {
        const digest = message && byName.get(nameOf(message));
        if (digest !== undefined) outcomes.set(digest, failureOf(status));
      }
    }
    return entries.map(({ digest }) =>
      outcomes.has(digest) ? outcomes.get(digest) : new Failure('internal', `it left ${digest} out of its answer`),
    );
  }

  async #findMissing(ctx: Context, digests: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>> {
    const missing = new Set<Digest>();
    for (const group of byFunction(digests).values()) {
      const request = FindMissingBlobsRequest.encode({
        instanceName: this.#instance,
        blobDigests: group.map(messageOf),
        digestFunction: functionNumberOf(group[0] as Digest),
      }).finish();
      const bytes = await this.#call(ctx, methodPath(service, 'findMissingBlobs'), request);
      const byName = new Map(group.map((digest) => [nameOf(messageOf(digest)), digest]));
      for (const message of received(FindMissingBlobsResponse, bytes).missingBlobDigests) {
        const digest = byName.get(nameOf(message));
        if (digest !== undefined) missing.add(digest);
      }
    }
    return missing;
  }

  #call(ctx: Context, path: string, request: Uint8Array): Promise<Uint8Array> {
    const { client, clock, retries } = this.#upstream;
    return retries.run(ctx, async () => {
      using scope = withTimeout(ctx, clock, callTimeoutMs, path);
      return await client.unary(scope, path, request);
    });
  }
}

/** Smaller blobs aren't compressed: there is less to win than it costs. */
const compressedBytesMin = 256;

/** A blob as it goes into a batch: compressed, if that makes it smaller. */
function shortened(
  bytes: Uint8Array,
  codec: Codec | undefined,
): { data: Uint8Array<ArrayBuffer>; compressor: Compressor_Value } {
  if (codec !== undefined && bytes.byteLength >= compressedBytesMin) {
    const data = codec.compressBytes(bytes) as Uint8Array<ArrayBuffer>;
    if (data.byteLength < bytes.byteLength) return { data, compressor: Compressor_Value.ZSTD };
  }
  return { data: bytes as Uint8Array<ArrayBuffer>, compressor: Compressor_Value.IDENTITY };
}

/** The blob that came in a batch. */
function plain(digest: Digest, data: Uint8Array, compressor: number, codec: Codec | undefined): Uint8Array | Failure {
  if (compressor === Compressor_Value.IDENTITY) return data;
  if (codec === undefined || compressor !== Compressor_Value.ZSTD) {
    return new Failure('internal', `it compressed ${digest} by ${compressor}, which nobody asked for`);
  }
  try {
    return codec.decompressBytes(data, { bytesMax: Digest.sizeBytes(digest), code: 'data_loss' });
  } catch (reason) {
    if (!(reason instanceof Failure)) throw reason;
    return reason;
  }
}

interface Entry {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

function nameOf({ hash, sizeBytes }: { readonly hash: string; readonly sizeBytes: number }): string {
  return `${hash}/${sizeBytes}`;
}

function failureOf(status: Status | undefined): Failure | undefined {
  return status === undefined || status.code === 0 ? undefined : new Failure(codeOf(status.code), status.message);
}
