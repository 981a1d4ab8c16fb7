import type { Context } from '@gorego/context';
import { Digest } from '@gorego/digest';
import type { DiskFile, FileStat } from '@gorego/platform';
import { BlobReader } from '../blob-reader.ts';
import type { Span } from '../byte-range.ts';
import { verifying } from '../verified.ts';
import { blockBytes } from './blocks.ts';
import { isDamage, unlessDamaged } from './damage.ts';
import { checkContent, type FileContent, type FileForm } from './file-form.ts';
import type { Entry, NewEntry } from './index/entry-index.ts';
import { Key } from './index/key.ts';
import { Leaves } from './leaves.ts';
import { atOnce } from './recent-files.ts';
import { relieved } from './recording.ts';
import { spareBytesMin } from './spare-buffers.ts';
import type { StagedFile } from './staged-file.ts';
import type { StoreParts } from './store-parts.ts';

/** Up to this size a file is hashed before its first byte leaves; larger ones are on their way out. */
const hashFirstBytesMax = 1024 * 1024;

/** A blob that somebody asks for, and which file of it the index knew then. */
interface Asked {
  readonly digest: Digest;
  readonly key: Key;
  readonly identity: number;
}

/** Blobs as files of one form, each given its name only when its bytes are all there and hash to it. */
export class FileBlobs {
  readonly #parts: StoreParts;
  readonly #form: FileForm;

  constructor(parts: StoreParts, form: FileForm) {
    this.#parts = parts;
    this.#form = form;
  }

  /**
   * The span of a blob in a file; undefined if there is none, or it isn't the blob. Memory stays flat whatever its size.
   * A file is hashed when it first leaves after a start, or after it was changed; if it is found wrong when bytes have
   * left already, the reader fails with `data_loss` before its end. One that is wrong, or can't be read, is set aside.
   */
  async get(ctx: Context, digest: Digest, key: Key, span: Span): Promise<BlobReader | undefined> {
    const asked = this.#asked(digest, key);
    let file: DiskFile | undefined;
    let blob: BlobReader | undefined;
    try {
      file = await this.#open(asked);
      if (file === undefined) this.#forget(asked);
      else blob = await this.#opened(ctx, asked, file, span);
    } catch (reason) {
      if (!isDamage(reason)) throw reason;
      this.#setAside(asked);
    } finally {
      if (blob === undefined) await file?.close();
    }
    return blob;
  }

  /** Is there a file that could be the blob? */
  async look(digest: Digest, key: Key): Promise<boolean> {
    const asked = this.#asked(digest, key);
    const stat = await this.#stat(digest);
    if (stat !== undefined) return this.#isKnown(digest, key, stat);
    this.#forget(asked);
    return false;
  }

  /** Gives a staged file the blob's name. Whoever does answers for the hash. */
  async name(staged: StagedFile, digest: Digest): Promise<void> {
    const { contents, locks } = this.#parts;
    const key = Key.ofBlob(digest);
    const named = async (): Promise<void> => {
      const isInKnown = contents.leaves.isThere(Leaves.of(key.a));
      const stat = await staged.name(this.#form.pathOf(digest), { isInKnown });
      contents.set(key, { ...this.#entryOf(digest, stat), isVerified: true, identity: identityOf(stat) });
    };
    // Who makes way may need the lock.
    await relieved(this.#parts, blockBytes, () => locks.run(key, named));
  }

  async #open({ digest, identity }: Asked): Promise<DiskFile | undefined> {
    const { disk, recentFiles } = this.#parts;
    const path = this.#form.pathOf(digest);
    if (!recentFiles.has(identity)) return await disk.open(path);
    const file = disk.openNow(path);
    return file && atOnce(file);
  }

  async #opened(ctx: Context, asked: Asked, file: DiskFile, span: Span): Promise<BlobReader | undefined> {
    const { digest, key } = asked;
    const { index } = this.#parts.contents;
    const stat = await file.stat();
    const content = await this.#form.contentOf(file, stat.sizeBytes, digest);
    if (!this.#isKnown(digest, key, stat)) return undefined;
    const blob = (): BlobReader => this.#reader(ctx, asked, file, content, span);
    const identity = identityOf(stat);
    const isWhole = span.end - span.start === Digest.sizeBytes(digest);
    if (isWhole) this.#parts.recentFiles.touch(identity, stat.sizeBytes);
    const known = index.get(key);
    if (known?.isVerified === true && known.identity === identity) return blob();
    const onMatch = (): void => index.verify(key, identity);
    if (isWhole && span.end > hashFirstBytesMax) {
      const onMismatch = (): void => this.#setAside(asked);
      return verifying(digest, blob(), 'data_loss', { onMatch, onMismatch });
    }
    // Part of a file can't be hashed: all of it is, before the part leaves.
    await checkContent(ctx, content, digest);
    onMatch();
    return blob();
  }

  /** Owns the file. */
  #reader(ctx: Context, asked: Asked, file: DiskFile, content: FileContent, span: Span): BlobReader {
    const isToEnd = span.end === Digest.sizeBytes(asked.digest);
    const frames = isToEnd ? content.compressed(ctx, span.start) : undefined;
    return new BlobReader({
      sizeBytes: span.end - span.start,
      chunks: this.#watched(asked, content.chunks(ctx, span)),
      compressed: frames && { codec: 'zstd', chunks: () => this.#watched(asked, frames) },
      release: () => file.close(),
      recycle: span.end - span.start < spareBytesMin ? undefined : content.recycle,
    });
  }

  /** A file that turns out to be damaged while it is read is set aside. */
  async *#watched(asked: Asked, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
    } catch (reason) {
      if (isDamage(reason)) this.#setAside(asked);
      throw reason;
    }
  }

  #asked(digest: Digest, key: Key): Asked {
    return { digest, key, identity: this.#known(digest, key)?.identity ?? 0 };
  }

  /** What the index knows of the file; undefined if it knows none. */
  #known(digest: Digest, key: Key): Entry | undefined {
    const entry = this.#parts.contents.index.get(key);
    const isThis = entry?.segment === 0 && entry.sizeBytes === Digest.sizeBytes(digest);
    return isThis && (entry.packedBytes !== undefined) === this.#form.isPacked ? entry : undefined;
  }

  /** Does the index know the file? As long as there may be others, it learns of the one that was found. */
  #isKnown(digest: Digest, key: Key, stat: FileStat): boolean {
    const { contents, mayHaveStrangers } = this.#parts;
    if (this.#known(digest, key) !== undefined) return true;
    if (!mayHaveStrangers()) return false; // It was forgotten meanwhile, and is about to go.
    contents.set(key, this.#entryOf(digest, stat));
    return true;
  }

  #entryOf(digest: Digest, { sizeBytes }: FileStat): NewEntry {
    return {
      ...{ kind: 'blob', sizeBytes: Digest.sizeBytes(digest), segment: 0, offset: 0 },
      packedBytes: this.#form.isPacked ? sizeBytes : undefined,
      used: this.#parts.contents.now,
    };
  }

  /** Of a file that could be the blob. */
  async #stat(digest: Digest): Promise<FileStat | undefined> {
    const stat = await unlessDamaged(this.#parts.disk.stat(this.#form.pathOf(digest)));
    const isSized = this.#form.isPacked || stat?.sizeBytes === Digest.sizeBytes(digest);
    return stat?.kind === 'file' && isSized ? stat : undefined;
  }

  /** False if the index has come to know another file since, or none. */
  #forget({ digest, key, identity }: Asked): boolean {
    const isSame = this.#known(digest, key)?.identity === identity;
    if (isSame) this.#parts.contents.forget(key);
    return isSame;
  }

  /** The file isn't the blob: it goes where a person can look at it. */
  #setAside(asked: Asked): void {
    const { contents, quarantine, onCorrupt, locks, spawn } = this.#parts;
    if (!this.#forget(asked)) return;
    const { digest, key } = asked;
    const path = this.#form.pathOf(digest);
    onCorrupt(digest, path);
    spawn('set a damaged file aside', () =>
      locks.run(key, async () => {
        if (contents.index.get(key) === undefined) await quarantine.take(path);
      }),
    );
  }
}

/** 24 bits of which file it is, and when it was last changed. */
function identityOf({ inode, modifiedMs, sizeBytes }: FileStat): number {
  const mixed = Math.imul(inode | 0, 0x9e3779b1) ^ Math.imul(Math.floor(modifiedMs * 1000) | 0, 0x85ebca77) ^ sizeBytes;
  return (mixed ^ (mixed >>> 15)) & 0xffffff;
}
