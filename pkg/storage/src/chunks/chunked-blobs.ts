import { type Context, throwIfEnded } from '@gorego/context';
import { Digest, type DigestFunctionName } from '@gorego/digest';
import type { ActionCache } from '../action-cache.ts';
import type { BlobReader } from '../blob-reader.ts';
import type { BlobStore, SizingStore, Staged, StagingStore } from '../blob-store.ts';
import { type ByteRange, spanOf } from '../byte-range.ts';
import { type Checklist, Mark } from '../checklist.ts';
import { type ChunkList, ChunkRecord } from './chunk-record.ts';
import { concatenated } from './concatenated.ts';
import { part } from './part.ts';

export interface ChunkedBlobsInit {
  /** Where the bytes are. */
  readonly blobs: BlobStore;
  /** What is known of chunks, under the digest of each blob that is not itself there: nobody else's to write. */
  readonly records: ActionCache;
  /** Blobs up to this size are always kept as themselves: most blobs, which cost no second look. Bytes. */
  readonly keptWholeMax?: number;
}

/** How many records are read or written at once. */
const recordsAtOnceMax = 32;

/**
 * Has blobs of which it keeps the bytes once, under other names: those that are the chunks it has, one after another, and
 * chunks that are parts of a blob it has.
 *
 * What it takes to have such a blob must all be there, or the blob is missing. Nothing stands on more than one record
 * beside a list of chunks: a chunk may be part of another blob, and that one is there as itself.
 */
export class ChunkedBlobs implements BlobStore {
  readonly #blobs: BlobStore;
  readonly #records: ActionCache;
  readonly #keptWholeMax: number;

  constructor({ blobs, records, keptWholeMax = 64 * 1024 }: ChunkedBlobsInit) {
    this.#blobs = blobs;
    this.#records = records;
    this.#keptWholeMax = keptWholeMax;
  }

  async get(ctx: Context, digest: Digest, range?: ByteRange): Promise<BlobReader | undefined> {
    const blob = await this.#blobs.get(ctx, digest, range);
    if (blob !== undefined || this.isKeptWhole(digest)) return blob;
    const record = await this.#recordOf(ctx, digest);
    if (record?.kind === 'part') return part(ctx, this.#blobs, record, spanOf(digest, range));
    if (record?.kind !== 'list' || (await this.missingChunks(ctx, new Set(record.chunks))).size > 0) return undefined;
    return this.concatenated(ctx, digest, record.chunks, range);
  }

  async put(ctx: Context, digest: Digest, blob: BlobReader): Promise<void> {
    let isElsewhere: boolean;
    try {
      isElsewhere = (await this.#elsewhere(ctx, [digest])).size > 0;
      throwIfEnded(ctx);
    } catch (reason) {
      await blob[Symbol.asyncDispose]();
      throw reason;
    }
    if (isElsewhere) await blob[Symbol.asyncDispose]();
    else await this.#blobs.put(ctx, digest, blob);
  }

  async findMissing(ctx: Context, digests: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>> {
    const missing = await this.#blobs.findMissing(ctx, digests);
    if (missing.size === 0) return missing;
    const elsewhere = await this.#elsewhere(ctx, missing);
    return elsewhere.size === 0 ? missing : missing.difference(elsewhere);
  }

  mark(ctx: Context, list: Checklist): void {
    this.#blobs.mark?.(ctx, list);
    for (let i = 0; i < list.count; i++) {
      const maybeElsewhere = list.markOf(i) === Mark.absent && list.sizeBytes(i) > this.#keptWholeMax;
      if (maybeElsewhere) list.mark(i, Mark.none);
    }
  }

  /** Too small for its bytes to be anywhere but under its own name. */
  isKeptWhole(digest: Digest): boolean {
    return Digest.sizeBytes(digest) <= this.#keptWholeMax;
  }

  /** The chunks a blob is known to have, whether they are here or not. */
  async listOf(ctx: Context, digest: Digest): Promise<ChunkList | undefined> {
    const record = await this.#recordOf(ctx, digest);
    return record?.kind === 'list' ? record : undefined;
  }

  /** Which of `chunks` can't be read here, neither as themselves nor as parts; those that can have just been used. */
  async missingChunks(ctx: Context, chunks: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>> {
    const missing = await this.#blobs.findMissing(ctx, chunks);
    if (missing.size === 0) return missing;
    const wholes = new Map<Digest, Digest>();
    await this.#eachRecord(ctx, missing, async (digest, record) => {
      if (record.kind === 'part') wholes.set(digest, record.of);
    });
    return missing.difference(await this.#partsOfPresent(ctx, wholes));
  }

  /** What the chunks here are together, or a range of it, if that is `digest`: nobody has looked. */
  concatenated(ctx: Context, digest: Digest, chunks: readonly Digest[], range?: ByteRange): BlobReader {
    const get: BlobStore['get'] = async (ctx, chunk, range) => {
      const blob = await this.#blobs.get(ctx, chunk, range);
      if (blob !== undefined) return blob;
      const record = await this.#recordOf(ctx, chunk);
      return record?.kind === 'part' ? part(ctx, this.#blobs, record, spanOf(chunk, range)) : undefined;
    };
    return concatenated(ctx, { get }, chunks, spanOf(digest, range));
  }

  /** From now on, the blob is here if the chunks are, which are its own: whoever says so answers for it. */
  async join(ctx: Context, digest: Digest, list: ChunkList): Promise<void> {
    const size = { kind: 'size', sizeBytes: Digest.sizeBytes(digest) } as const;
    await this.#records.put(ctx, hashAlone(Digest.function(digest).name, Digest.hex(digest)), ChunkRecord.encode(size));
    await this.#records.put(ctx, digest, ChunkRecord.encode({ kind: 'list', ...list }));
  }

  /** How large the blob of that hash is, if it was joined. It may be missing since. */
  async joinedSizeOf(ctx: Context, name: DigestFunctionName, hex: string): Promise<number | undefined> {
    const record = await this.#recordOf(ctx, hashAlone(name, hex));
    return record?.kind === 'size' ? record.sizeBytes : undefined;
  }

  /**
   * From now on, the chunks of a blob that is here are here too, and known to be its chunks: whoever says so answers for
   * it. Those too small to be worth it are stored.
   */
  async divide(ctx: Context, digest: Digest, list: ChunkList): Promise<void> {
    const offsets = new Map<Digest, number>();
    let offset = 0;
    for (const chunk of list.chunks) {
      offsets.set(chunk, offset);
      offset += Digest.sizeBytes(chunk);
    }
    offsets.delete(digest); // A blob that is its only chunk is no part of itself.
    const missing = await this.missingChunks(ctx, new Set(offsets.keys()));
    await inBatches([...missing], async (chunk) => {
      const record = { kind: 'part', of: digest, offset: offsets.get(chunk) ?? 0 } as const;
      if (!this.isKeptWhole(chunk)) return this.#records.put(ctx, chunk, ChunkRecord.encode(record));
      const blob = await part(ctx, this.#blobs, record, spanOf(chunk));
      if (blob !== undefined) await this.#blobs.put(ctx, chunk, blob);
    });
    await this.join(ctx, digest, list);
  }

  /** Those of `missing` that are here all the same. */
  async #elsewhere(ctx: Context, missing: Iterable<Digest>): Promise<ReadonlySet<Digest>> {
    const found = new Set<Digest>();
    const wholes = new Map<Digest, Digest>();
    await this.#eachRecord(ctx, missing, async (digest, record) => {
      if (record.kind === 'part') wholes.set(digest, record.of);
      else if (record.kind === 'list' && (await this.missingChunks(ctx, new Set(record.chunks))).size === 0)
        found.add(digest);
    });
    return wholes.size === 0 ? found : found.union(await this.#partsOfPresent(ctx, wholes));
  }

  /** The keys of `wholes`, parts, whose values, the blobs they are parts of, are here. */
  async #partsOfPresent(ctx: Context, wholes: ReadonlyMap<Digest, Digest>): Promise<ReadonlySet<Digest>> {
    if (wholes.size === 0) return new Set();
    const absent = await this.#blobs.findMissing(ctx, new Set(wholes.values()));
    return new Set(wholes.keys().filter((digest) => !absent.has(wholes.get(digest) as Digest)));
  }

  async #eachRecord(
    ctx: Context,
    digests: Iterable<Digest>,
    work: (digest: Digest, record: ChunkRecord) => Promise<void>,
  ): Promise<void> {
    await inBatches(
      [...digests].filter((digest) => !this.isKeptWhole(digest)),
      async (digest) => {
        const record = await this.#recordOf(ctx, digest);
        if (record !== undefined) await work(digest, record);
      },
    );
  }

  async #recordOf(ctx: Context, digest: Digest): Promise<ChunkRecord | undefined> {
    const bytes = await this.#records.get(ctx, digest);
    return bytes && ChunkRecord.decode(bytes);
  }
}

/** The same over a store that a blob can be brought into piece by piece, and that knows sizes by hashes. */
export class ChunkedStaging extends ChunkedBlobs implements StagingStore, SizingStore {
  readonly #inner: StagingStore & SizingStore;

  constructor(init: ChunkedBlobsInit & { readonly blobs: StagingStore & SizingStore }) {
    super(init);
    this.#inner = init.blobs;
  }

  stage(ctx: Context, digest: Digest): Promise<Staged> {
    return this.#inner.stage(ctx, digest);
  }

  async sizeOf(ctx: Context, name: DigestFunctionName, hex: string): Promise<number | undefined> {
    return (await this.#inner.sizeOf(ctx, name, hex)) ?? this.joinedSizeOf(ctx, name, hex);
  }
}

/** The key of what is known by a hash alone: of a blob of one byte, as which none is that has a record. */
function hashAlone(name: DigestFunctionName, hex: string): Digest {
  return Digest.of(name, hex, 1);
}

async function inBatches(digests: readonly Digest[], work: (digest: Digest) => Promise<void>): Promise<void> {
  for (let at = 0; at < digests.length; at += recordsAtOnceMax) {
    await Promise.all(digests.slice(at, at + recordsAtOnceMax).map(work));
  }
}
