import { type Context, throwIfEnded } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Disk, DiskFile, FileStat } from '@gorego/platform';
import { BlobReader } from '../blob-reader.ts';
import type { Staged, StagingStore } from '../blob-store.ts';
import { type ByteRange, type Span, spanOf } from '../byte-range.ts';
import { verifying } from '../verified.ts';
import { DiskPath } from './disk-path.ts';
import type { Staging } from './staging.ts';

/**
 * What the pieces that open readers read last may take together: the less of it is left, the smaller the next piece. A
 * reader that stands still keeps its piece, and what carries it to a client keeps it two or three times over.
 */
const readingBytesTarget = 16 * 1024 * 1024;
const chunkBytesMin = 16 * 1024;
const chunkBytesMax = 256 * 1024;

/** How many files are remembered as hashed since the start. Beyond it the longest unused are hashed again. */
const provenFilesMax = 200_000;

/**
 * Blobs as files of their own, `cas/ab/cd/<hash>`, each given its name only when its bytes are all there and hash to it.
 *
 * A file is hashed when it first leaves after a start, or after it was changed or replaced; one that is wrong fails the
 * read with `data_loss`, and `onCorrupt` is told. Memory stays flat for blobs of any size.
 */
export class FileBlobs implements StagingStore {
  readonly #disk: Disk;
  readonly #staging: Staging;
  readonly #onCorrupt: (digest: Digest, path: string) => void;
  readonly #proven = new Map<Digest, string>();
  #readingBytes = 0;

  constructor(disk: Disk, staging: Staging, onCorrupt: (digest: Digest, path: string) => void = () => {}) {
    this.#disk = disk;
    this.#staging = staging;
    this.#onCorrupt = onCorrupt;
  }

  async get(ctx: Context, digest: Digest, range?: ByteRange): Promise<BlobReader | undefined> {
    throwIfEnded(ctx);
    const span = spanOf(digest, range);
    const path = DiskPath.ofBlob(digest);
    const file = await this.#disk.open(path);
    if (file === undefined) return undefined;
    let isHandedOver = false;
    try {
      const stat = await file.stat();
      if (stat.kind !== 'file' || stat.sizeBytes !== Digest.sizeBytes(digest)) return undefined;
      const blob = await this.#opened(ctx, digest, file, stat, span);
      isHandedOver = true;
      return blob;
    } finally {
      if (!isHandedOver) await file.close();
    }
  }

  async put(ctx: Context, digest: Digest, blob: BlobReader): Promise<void> {
    await using owned = verifying(digest, blob, 'invalid_argument');
    throwIfEnded(ctx);
    if (await this.#has(digest)) return;
    const stat = await this.#staging.write(ctx, owned, DiskPath.ofBlob(digest));
    this.#prove(digest, stat);
  }

  async stage(ctx: Context, digest: Digest): Promise<Staged> {
    throwIfEnded(ctx);
    const file = this.#staging.begin();
    return {
      get sizeBytes() {
        return file.sizeBytes;
      },
      append: (chunk) => file.append([chunk]),
      read: (position, limitBytes) => file.read(position, limitBytes),
      commit: async () => {
        if (file.sizeBytes !== Digest.sizeBytes(digest)) {
          throw new Failure('data_loss', `${file.sizeBytes} bytes were staged for ${digest}`);
        }
        this.#prove(digest, await file.name(DiskPath.ofBlob(digest)));
      },
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
  }

  async findMissing(ctx: Context, digests: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>> {
    throwIfEnded(ctx);
    const missing = new Set<Digest>();
    const look = async (digest: Digest): Promise<void> => {
      if (!(await this.#has(digest))) missing.add(digest);
    };
    await Promise.all(Array.from(digests, look));
    return missing;
  }

  async #has(digest: Digest): Promise<boolean> {
    const stat = await this.#disk.stat(DiskPath.ofBlob(digest));
    return stat?.kind === 'file' && stat.sizeBytes === Digest.sizeBytes(digest);
  }

  /** The span of an open file, hashed on the way out unless that was done since it became what it is. */
  async #opened(ctx: Context, digest: Digest, file: DiskFile, stat: FileStat, span: Span): Promise<BlobReader> {
    if (this.#proven.get(digest) === identityOf(stat)) return this.#streamed(ctx, file, span);
    const verdict = {
      onMatch: () => this.#prove(digest, stat),
      onMismatch: () => this.#onCorrupt(digest, DiskPath.ofBlob(digest)),
    };
    const whole = { start: 0, end: stat.sizeBytes };
    const isWhole = span.start === whole.start && span.end === whole.end;
    if (isWhole) return verifying(digest, this.#streamed(ctx, file, whole), 'data_loss', verdict);
    // Part of a file can't be hashed: all of it is, before the part leaves.
    const prior = this.#streamed(ctx, file, whole, { closes: false });
    for await (const _ of verifying(digest, prior, 'data_loss', verdict));
    return this.#streamed(ctx, file, span);
  }

  #streamed(ctx: Context, file: DiskFile, span: Span, { closes } = { closes: true }): BlobReader {
    return new BlobReader({
      sizeBytes: span.end - span.start,
      chunks: this.#chunks(ctx, file, span),
      release: async () => {
        if (closes) await file.close();
      },
    });
  }

  async *#chunks(ctx: Context, file: DiskFile, { start, end }: Span): AsyncGenerator<Uint8Array> {
    let heldBytes = 0;
    try {
      for (let position = start; position < end; ) {
        throwIfEnded(ctx);
        this.#readingBytes -= heldBytes;
        heldBytes = Math.min(end - position, this.#chunkBytes());
        this.#readingBytes += heldBytes;
        const into = Buffer.allocUnsafeSlow(heldBytes);
        const count = await file.read(into, position);
        if (count < into.byteLength)
          throw new Failure('data_loss', `the file ends at byte ${position + count} of ${end}`);
        position += count;
        yield into;
      }
    } finally {
      this.#readingBytes -= heldBytes;
    }
  }

  /** An eighth of what is left, so that those who come next find something too. */
  #chunkBytes(): number {
    const share = Math.floor((readingBytesTarget - this.#readingBytes) / 8);
    return Math.min(chunkBytesMax, Math.max(chunkBytesMin, share));
  }

  #prove(digest: Digest, stat: FileStat): void {
    this.#proven.delete(digest);
    this.#proven.set(digest, identityOf(stat));
    if (this.#proven.size > provenFilesMax) this.#proven.delete(this.#proven.keys().next().value as Digest);
  }
}

function identityOf({ inode, sizeBytes, modifiedMs }: FileStat): string {
  return `${inode}/${sizeBytes}/${modifiedMs}`;
}
