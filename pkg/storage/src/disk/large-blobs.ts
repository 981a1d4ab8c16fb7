import { type Context, throwIfEnded } from '@gorego/context';
import { Digest } from '@gorego/digest';
import type { DiskFile, FileStat } from '@gorego/platform';
import type { BlobReader } from '../blob-reader.ts';
import type { Span } from '../byte-range.ts';
import { verifying } from '../verified.ts';
import { DiskPath } from './disk-path.ts';
import { FileReading } from './file-reading.ts';
import { Key } from './index/key.ts';
import { StagedFile } from './staged-file.ts';
import type { StoreParts } from './store-parts.ts';

/** Up to this size a file is hashed before its first byte leaves; larger ones are on their way out. */
const hashFirstBytesMax = 1024 * 1024;

/** Blobs as files of their own, each given its name only when its bytes are all there and hash to it. */
export class LargeBlobs {
  readonly #parts: StoreParts;
  readonly #reading = new FileReading();

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /**
   * The span of a blob in a file; undefined if there is none, or it isn't the blob. Memory stays flat whatever its size.
   * A file is hashed when it first leaves after a start, or after it was changed; if it is found wrong when bytes have
   * left already, the reader fails with `data_loss` before its end.
   */
  async get(ctx: Context, digest: Digest, key: Key, span: Span): Promise<BlobReader | undefined> {
    const file = await this.#parts.disk.open(DiskPath.ofBlob(digest));
    if (file === undefined) {
      this.#ghost(key);
      return undefined;
    }
    let isHandedOver = false;
    try {
      const stat = await file.stat();
      if (stat.kind !== 'file') return undefined;
      if (stat.sizeBytes !== Digest.sizeBytes(digest)) {
        await this.#setAside(digest, stat.sizeBytes);
        return undefined;
      }
      const blob = await this.#opened(ctx, digest, key, file, stat, span);
      isHandedOver = blob !== undefined;
      return blob;
    } finally {
      if (!isHandedOver) await file.close();
    }
  }

  /** Is there a file of that name and size? Then the index knows it from now on. */
  async look(digest: Digest, key: Key): Promise<boolean> {
    const { disk, contents } = this.#parts;
    const stat = await disk.stat(DiskPath.ofBlob(digest));
    const sizeBytes = Digest.sizeBytes(digest);
    if (stat?.kind !== 'file' || stat.sizeBytes !== sizeBytes) {
      this.#ghost(key);
      return false;
    }
    if (contents.index.get(key) === undefined) {
      contents.set(key, { kind: 'blob', sizeBytes, segment: 0, offset: 0, used: contents.now });
    }
    return true;
  }

  /** A file on its way to the blob's name. */
  begin(ctx: Context, digest: Digest): StagedFile {
    return new StagedFile(this.#parts, ctx, Digest.sizeBytes(digest));
  }

  /** Gives it the name. Whoever does answers for the hash. */
  async name(file: StagedFile, digest: Digest): Promise<void> {
    const { contents, locks } = this.#parts;
    const key = Key.ofBlob(digest);
    await locks.run(key, async () => {
      const stat = await file.name(DiskPath.ofBlob(digest));
      const sizeBytes = Digest.sizeBytes(digest);
      const used = contents.now;
      const entry = { kind: 'blob', sizeBytes, segment: 0, offset: 0, used, isVerified: true } as const;
      contents.set(key, { ...entry, identity: identityOf(stat) });
    });
  }

  async put(ctx: Context, digest: Digest, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await using file = this.begin(ctx, digest);
    await file.appendAll(chunks);
    await this.name(file, digest);
  }

  /** The span of an open file, hashed on the way out unless that was done since it became what it is. */
  async #opened(
    ctx: Context,
    digest: Digest,
    key: Key,
    file: DiskFile,
    stat: FileStat,
    span: Span,
  ): Promise<BlobReader | undefined> {
    const { contents } = this.#parts;
    const identity = identityOf(stat);
    const known = contents.index.get(key);
    if (known === undefined || known.segment !== 0) {
      const { sizeBytes } = stat;
      contents.set(key, { kind: 'blob', sizeBytes, segment: 0, offset: 0, used: contents.now });
    } else if (known.isVerified && known.identity === identity) {
      return this.#reading.reader(ctx, file, span);
    }
    const whole = { start: 0, end: stat.sizeBytes };
    const onMatch = (): void => contents.index.verify(key, identity);
    if (span.start === 0 && span.end === whole.end && stat.sizeBytes > hashFirstBytesMax) {
      const onMismatch = (): void =>
        this.#parts.spawn('set a damaged file aside', () => this.#setAside(digest, whole.end));
      return verifying(digest, this.#reading.reader(ctx, file, whole), 'data_loss', { onMatch, onMismatch });
    }
    // Part of a file can't be hashed: all of it is, before the part leaves.
    if (!(await this.#isRight(ctx, digest, file, whole))) {
      await this.#setAside(digest, whole.end);
      return undefined;
    }
    onMatch();
    return this.#reading.reader(ctx, file, span);
  }

  async #isRight(ctx: Context, digest: Digest, file: DiskFile, whole: Span): Promise<boolean> {
    const hasher = Digest.hasher(digest);
    for await (const piece of this.#reading.reader(ctx, file, whole, { closes: false })) hasher.update(piece);
    throwIfEnded(ctx);
    return hasher.hex() === Digest.hex(digest);
  }

  /** The file isn't the blob: it goes where a person can look at it. */
  async #setAside(digest: Digest, sizeBytes: number): Promise<void> {
    const { contents, quarantine, onCorrupt, locks } = this.#parts;
    const key = Key.ofBlob(digest);
    const path = DiskPath.ofBlob(digest);
    contents.forget(key);
    onCorrupt(digest, path);
    await locks.run(key, async () => {
      if (contents.index.get(key) === undefined) await quarantine.takeFile(path, sizeBytes);
    });
  }

  #ghost(key: Key): void {
    const { contents } = this.#parts;
    const entry = contents.index.get(key);
    if (entry?.segment === 0 && entry.packedBytes === undefined) contents.forget(key);
  }
}

/** 24 bits of which file it is, and when it was last changed. */
export function identityOf({ inode, modifiedMs, sizeBytes }: FileStat): number {
  const mixed = Math.imul(inode | 0, 0x9e3779b1) ^ Math.imul(Math.floor(modifiedMs * 1000) | 0, 0x85ebca77) ^ sizeBytes;
  return (mixed ^ (mixed >>> 15)) & 0xffffff;
}
