import { type Context, throwIfEnded } from '@gorego/context';
import { Digest } from '@gorego/digest';
import type { DiskFile, FileStat } from '@gorego/platform';
import { BlobReader, type Compressed } from '../blob-reader.ts';
import type { Span } from '../byte-range.ts';
import { verifying } from '../verified.ts';
import { DiskPath } from './disk-path.ts';
import { FileReading } from './file-reading.ts';
import { Key } from './index/key.ts';
import { identityOf, type LargeBlobs } from './large-blobs.ts';
import { type Frame, inFrames, PackedFile } from './packed-file.ts';
import type { StoreParts } from './store-parts.ts';

/** What its first frame doesn't shrink to, a blob is not packed for. */
const worthwhile = 0.9;
/** Up to this size a file is hashed before its first byte leaves. */
const hashFirstBytesMax = 1024 * 1024;

/** Blobs as compressed files of their own: who wants them compressed gets what is there, who doesn't has them unpacked. */
export class PackedBlobs {
  readonly #parts: StoreParts;
  readonly #large: LargeBlobs;
  readonly #reading = new FileReading();

  constructor(parts: StoreParts, large: LargeBlobs) {
    this.#parts = parts;
    this.#large = large;
  }

  /** Keeps a blob whose bytes hash to its name: packed, or as it is if its beginning doesn't shrink. */
  async put(ctx: Context, digest: Digest, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const contents = inFrames(chunks);
    const first = await contents.next();
    const beginning = first.done === true ? new Uint8Array() : first.value;
    const frame = await PackedFile.pack(beginning);
    if (frame.byteLength >= beginning.byteLength * worthwhile) {
      await this.#large.put(ctx, digest, followed(beginning, contents));
      return;
    }
    await using file = this.#large.begin(ctx, digest);
    const frames: Frame[] = [];
    const append = async (bytes: Uint8Array, contentBytes: number): Promise<void> => {
      frames.push({ offset: file.sizeBytes, bytes: bytes.byteLength, contentOffset: 0, contentBytes });
      await file.append([bytes]);
    };
    await append(frame, beginning.byteLength);
    for await (const content of contents) {
      throwIfEnded(ctx);
      await append(await PackedFile.pack(content), content.byteLength);
    }
    await file.append([PackedFile.table(frames)]);
    await this.#name(file, digest);
  }

  async #name(file: ReturnType<LargeBlobs['begin']>, digest: Digest): Promise<void> {
    const { contents, locks } = this.#parts;
    const key = Key.ofBlob(digest);
    const packedBytes = file.sizeBytes;
    await locks.run(key, async () => {
      const stat = await file.name(DiskPath.ofPacked(digest));
      const place = { segment: 0, offset: 0, packedBytes };
      const entry = {
        kind: 'blob',
        sizeBytes: Digest.sizeBytes(digest),
        used: contents.now,
        isVerified: true,
      } as const;
      contents.set(key, { ...entry, ...place, identity: identityOf(stat) });
    });
  }

  /** As LargeBlobs.look. */
  async look(digest: Digest, key: Key): Promise<boolean> {
    const { disk, contents } = this.#parts;
    const stat = await disk.stat(DiskPath.ofPacked(digest));
    if (stat?.kind !== 'file') {
      if (contents.index.get(key)?.packedBytes !== undefined) contents.forget(key);
      return false;
    }
    if (contents.index.get(key) === undefined) {
      const place = { segment: 0, offset: 0, packedBytes: stat.sizeBytes };
      contents.set(key, { kind: 'blob', sizeBytes: Digest.sizeBytes(digest), used: contents.now, ...place });
    }
    return true;
  }

  /** As LargeBlobs.get. */
  async get(ctx: Context, digest: Digest, key: Key, span: Span): Promise<BlobReader | undefined> {
    const { disk, contents } = this.#parts;
    const file = await disk.open(DiskPath.ofPacked(digest));
    if (file === undefined) {
      if (contents.index.get(key)?.packedBytes !== undefined) contents.forget(key);
      return undefined;
    }
    let isHandedOver = false;
    try {
      const stat = await file.stat();
      const frames = await PackedFile.frames(file, stat.sizeBytes, Digest.sizeBytes(digest));
      if (frames === undefined) {
        await this.#setAside(digest, stat);
        return undefined;
      }
      const blob = await this.#opened(ctx, digest, key, file, { stat, frames }, span);
      isHandedOver = blob !== undefined;
      return blob;
    } finally {
      if (!isHandedOver) await file.close();
    }
  }

  async #opened(
    ctx: Context,
    digest: Digest,
    key: Key,
    file: DiskFile,
    { stat, frames }: { readonly stat: FileStat; readonly frames: readonly Frame[] },
    span: Span,
  ): Promise<BlobReader | undefined> {
    const { contents, spawn } = this.#parts;
    const identity = identityOf(stat);
    const sizeBytes = Digest.sizeBytes(digest);
    const whole = { start: 0, end: sizeBytes };
    const known = contents.index.get(key);
    if (known?.packedBytes === undefined) {
      const place = { segment: 0, offset: 0, packedBytes: stat.sizeBytes };
      contents.set(key, { kind: 'blob', sizeBytes, used: contents.now, ...place });
    } else if (known.isVerified && known.identity === identity) {
      return this.#reader(ctx, file, frames, span, sizeBytes);
    }
    const onMatch = (): void => contents.index.verify(key, identity);
    if (span.start === 0 && span.end === sizeBytes && sizeBytes > hashFirstBytesMax) {
      const onMismatch = (): void => spawn('set a damaged file aside', () => this.#setAside(digest, stat));
      const reader = this.#plainReader(ctx, file, frames, whole);
      return verifying(digest, reader, 'data_loss', { onMatch, onMismatch });
    }
    if (!(await PackedFile.isOf(digest, file, stat.sizeBytes))) {
      throwIfEnded(ctx);
      await this.#setAside(digest, stat);
      return undefined;
    }
    onMatch();
    return this.#reader(ctx, file, frames, span, sizeBytes);
  }

  #reader(ctx: Context, file: DiskFile, frames: readonly Frame[], span: Span, sizeBytes: number): BlobReader {
    const chunks = (): AsyncIterable<Uint8Array> => this.#asStored(ctx, file, frames, span.start);
    const compressed: Compressed | undefined = span.end === sizeBytes ? { codec: 'zstd', chunks } : undefined;
    return this.#plainReader(ctx, file, frames, span, compressed);
  }

  #plainReader(
    ctx: Context,
    file: DiskFile,
    frames: readonly Frame[],
    span: Span,
    compressed?: Compressed,
  ): BlobReader {
    return new BlobReader({
      sizeBytes: span.end - span.start,
      chunks: this.#contents(ctx, file, frames, span),
      compressed,
      release: () => file.close(),
    });
  }

  async *#contents(
    ctx: Context,
    file: DiskFile,
    frames: readonly Frame[],
    { start, end }: Span,
  ): AsyncGenerator<Uint8Array> {
    for (const frame of frames) {
      const { contentOffset, contentBytes } = frame;
      if (contentOffset + contentBytes <= start || contentOffset >= end) continue;
      throwIfEnded(ctx);
      const content = await PackedFile.content(file, frame);
      yield content.subarray(Math.max(0, start - contentOffset), end - contentOffset);
    }
  }

  /** The frames as they are, but for the one that `start` is inside of. */
  async *#asStored(ctx: Context, file: DiskFile, frames: readonly Frame[], start: number): AsyncGenerator<Uint8Array> {
    const first = frames.findIndex(({ contentOffset }) => contentOffset >= start);
    const inside = frames[(first < 0 ? frames.length : first) - 1];
    if (inside !== undefined && inside.contentOffset + inside.contentBytes > start) {
      const content = await PackedFile.content(file, inside);
      yield await PackedFile.pack(content.subarray(start - inside.contentOffset));
    }
    const from = first < 0 ? undefined : frames[first];
    const last = frames.at(-1);
    if (from === undefined || last === undefined) return;
    const span = { start: from.offset, end: last.offset + last.bytes };
    yield* this.#reading.reader(ctx, file, span, { closes: false });
  }

  async #setAside(digest: Digest, { sizeBytes }: FileStat): Promise<void> {
    const { contents, quarantine, onCorrupt, locks } = this.#parts;
    const key = Key.ofBlob(digest);
    const path = DiskPath.ofPacked(digest);
    contents.forget(key);
    onCorrupt(digest, path);
    await locks.run(key, async () => {
      if (contents.index.get(key) === undefined) await quarantine.takeFile(path, sizeBytes);
    });
  }
}

async function* followed(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}
