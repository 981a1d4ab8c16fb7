import { type Context, throwIfEnded } from '@gorego/context';
import { Digest, type DigestFunctionName } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { type BlobReader, bytesOf } from '../blob-reader.ts';
import type { SizingStore, Staged, StagingStore } from '../blob-store.ts';
import { type ByteRange, type Span, spanOf } from '../byte-range.ts';
import { type Checklist, Mark } from '../checklist.ts';
import { verifying } from '../verified.ts';
import { DiskPath } from './disk-path.ts';
import { Key } from './index/key.ts';
import { LargeBlobs } from './large-blobs.ts';
import { SmallBlobs } from './small-blobs.ts';
import type { StoreParts } from './store-parts.ts';
import { Ticks } from './ticks.ts';

/** A file that nobody used for this long is looked at before it is said to exist: somebody may have removed it. */
const recentTicks = 60 * Ticks.perSecond;
/** A record may move while it is looked up: this often at most. */
const lookupsMax = 4;

/** Blobs on a disk: small ones in segments, large ones in files of their own. */
export class LocalBlobs implements StagingStore, SizingStore {
  readonly #parts: StoreParts;
  readonly #small: SmallBlobs;
  readonly #large: LargeBlobs;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#small = new SmallBlobs(parts);
    this.#large = new LargeBlobs(parts);
  }

  async get(ctx: Context, digest: Digest, range?: ByteRange): Promise<BlobReader | undefined> {
    throwIfEnded(ctx);
    const span = spanOf(digest, range);
    const key = Key.ofBlob(digest);
    this.#touch(digest, key);
    return this.#find(ctx, digest, key, span);
  }

  /** Hashes it again, and sets it aside if it is wrong. That is no use of it. */
  async isRight(ctx: Context, digest: Digest): Promise<boolean> {
    throwIfEnded(ctx);
    const key = Key.ofBlob(digest);
    this.#parts.contents.index.doubt(key);
    await using blob = await this.#find(ctx, digest, key, { start: 0, end: 0 });
    return blob !== undefined;
  }

  put(ctx: Context, digest: Digest, blob: BlobReader): Promise<void> {
    const { bytes } = blob;
    const isSmall = bytes !== undefined && bytes.byteLength <= this.#parts.segmentThreshold;
    return isSmall ? this.#putBytes(ctx, digest, blob, bytes) : this.#putStream(ctx, digest, blob);
  }

  /** Most blobs are small and come whole: they get by with as few promises as can be. */
  async #putBytes(ctx: Context, digest: Digest, blob: BlobReader, bytes: Uint8Array): Promise<void> {
    void blob[Symbol.asyncDispose](); // Bytes in memory have nothing to wait for.
    throwIfEnded(ctx);
    const key = Key.ofBlob(digest);
    const here = this.#here(digest, key);
    if (here === true || (here === undefined && (await this.#large.look(digest, key)))) return;
    if (blob.verifiedAs !== digest && !Digest.isOf(digest, bytes)) {
      const { hashOf } = Digest.function(digest);
      throw new Failure('invalid_argument', `the ${bytes.byteLength} bytes of ${digest} hash to ${hashOf(bytes)}`);
    }
    return this.#small.put(ctx, digest, key, bytes);
  }

  async #putStream(ctx: Context, digest: Digest, blob: BlobReader): Promise<void> {
    await using owned = verifying(digest, blob, 'invalid_argument');
    throwIfEnded(ctx);
    const key = Key.ofBlob(digest);
    const here = this.#here(digest, key);
    if (here === true || (here === undefined && (await this.#large.look(digest, key)))) return;
    const { segmentThreshold } = this.#parts;
    if (Digest.sizeBytes(digest) > segmentThreshold) await this.#large.put(ctx, digest, owned);
    else await this.#small.put(ctx, digest, key, await bytesOf(owned, segmentThreshold));
  }

  async stage(ctx: Context, digest: Digest): Promise<Staged> {
    throwIfEnded(ctx);
    const isSmall = Digest.sizeBytes(digest) <= this.#parts.segmentThreshold;
    return isSmall ? this.#stageSmall(ctx, digest) : this.#stageLarge(ctx, digest);
  }

  async findMissing(ctx: Context, digests: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>> {
    throwIfEnded(ctx);
    const missing = new Set<Digest>();
    const unsure: Digest[] = [];
    const { now } = this.#parts.contents; // Once: to ask the time of day takes as long as to look a blob up.
    for (const digest of digests) {
      const here = this.#here(digest, Key.ofBlob(digest), now);
      if (here === false) missing.add(digest);
      else if (here === undefined) unsure.push(digest);
    }
    const look = async (digest: Digest): Promise<void> => {
      if (!(await this.#large.look(digest, Key.ofBlob(digest)))) missing.add(digest);
    };
    if (unsure.length > 0) await Promise.all(unsure.map(look));
    return missing;
  }

  /** Says nothing of files that were not used lately, nor of what may be a file that it doesn't know. */
  mark(ctx: Context, list: Checklist): void {
    throwIfEnded(ctx);
    const { contents, mayHaveStrangers, onFileUsed } = this.#parts;
    const { index, now } = contents;
    const recent = mayHaveStrangers() ? Number.POSITIVE_INFINITY : now - recentTicks + 1;
    const key = { a: 0, b: 0, c: 0, d: 0 };
    for (let i = 0; i < list.count; i++) {
      list.readKey(i, key);
      const before = index.touchBlob(key, list.sizeBytes(i), now, recent);
      if (before < 0) {
        if (!mayHaveStrangers()) list.mark(i, Mark.absent);
        continue;
      }
      if (before > 0 && before < recent) continue;
      list.mark(i, Mark.here);
      if (before > 0) onFileUsed?.(list.digest(i));
    }
  }

  async sizeOf(ctx: Context, name: DigestFunctionName, hex: string): Promise<number | undefined> {
    throwIfEnded(ctx);
    const { contents, disk, mayHaveStrangers } = this.#parts;
    const ofAnySize = Digest.of(name, hex, 1); // The size is no part of where a blob is looked for.
    const entry = contents.index.get(Key.ofBlob(ofAnySize));
    if (entry?.kind === 'blob' && !entry.isSuspect) return entry.sizeBytes;
    const stat = mayHaveStrangers() ? await disk.stat(DiskPath.ofBlob(ofAnySize)) : undefined;
    return stat?.kind === 'file' ? stat.sizeBytes : undefined;
  }

  async #find(ctx: Context, digest: Digest, key: Key, span: Span): Promise<BlobReader | undefined> {
    const { contents, mayHaveStrangers } = this.#parts;
    const sizeBytes = Digest.sizeBytes(digest);
    for (let lookups = 0; lookups < lookupsMax; lookups++) {
      const entry = contents.index.get(key);
      if (entry === undefined || entry.kind !== 'blob' || entry.sizeBytes !== sizeBytes) break;
      if (entry.segment === 0) return this.#large.get(ctx, digest, key, span);
      const blob = await this.#small.get(digest, key, entry, span);
      if (blob !== undefined) return blob;
    }
    return mayHaveStrangers() ? this.#large.get(ctx, digest, key, span) : undefined;
  }

  /** Undefined where a look at the disk must tell. */
  #here(digest: Digest, key: Key, now = this.#parts.contents.now): boolean | undefined {
    const { mayHaveStrangers } = this.#parts;
    const before = this.#touch(digest, key, now);
    if (before < 0) return mayHaveStrangers() ? undefined : false;
    if (before === 0) return true;
    return now - before < recentTicks && !mayHaveStrangers() ? true : undefined;
  }

  /** It is used now. Returns what `touchBlob` does. */
  #touch(digest: Digest, key: Key, now = this.#parts.contents.now): number {
    const { contents, onFileUsed } = this.#parts;
    const before = contents.index.touchBlob(key, Digest.sizeBytes(digest), now);
    if (before > 0) onFileUsed?.(digest);
    return before;
  }

  #stageSmall(ctx: Context, digest: Digest): Staged {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    return {
      get sizeBytes() {
        return sizeBytes;
      },
      append: async (chunk) => {
        chunks.push(chunk);
        sizeBytes += chunk.byteLength;
      },
      read: async (position, limitBytes) => Buffer.concat(chunks).subarray(position, position + limitBytes),
      commit: async () => {
        checkStaged(digest, sizeBytes);
        await this.#small.put(ctx, digest, Key.ofBlob(digest), Buffer.concat(chunks));
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  #stageLarge(ctx: Context, digest: Digest): Staged {
    const file = this.#large.begin(ctx, digest);
    return {
      get sizeBytes() {
        return file.sizeBytes;
      },
      append: (chunk) => file.append([chunk]),
      read: (position, limitBytes) => file.read(position, limitBytes),
      commit: async () => {
        checkStaged(digest, file.sizeBytes);
        await this.#large.keep(ctx, digest, file);
      },
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
  }
}

function checkStaged(digest: Digest, sizeBytes: number): void {
  if (sizeBytes !== Digest.sizeBytes(digest)) {
    throw new Failure('data_loss', `${sizeBytes} bytes were staged for ${digest}`);
  }
}
