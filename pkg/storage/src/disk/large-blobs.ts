import { type Context, throwIfEnded } from '@gorego/context';
import { Digest } from '@gorego/digest';
import type { BlobReader } from '../blob-reader.ts';
import type { Span } from '../byte-range.ts';
import { FileBlobs } from './file-blobs.ts';
import type { Key } from './index/key.ts';
import { type Frame, inFrames, PackedFile } from './packed-file.ts';
import { StagedFile } from './staged-file.ts';
import type { StoreParts } from './store-parts.ts';

/** What its first frame doesn't shrink to, a blob is not packed for. */
const worthwhile = 0.9;

/** Blobs in files of their own, packed or as they are. */
export class LargeBlobs {
  readonly #parts: StoreParts;
  readonly #plain: FileBlobs;
  readonly #packed: FileBlobs;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#plain = new FileBlobs(parts, parts.forms.plain);
    this.#packed = new FileBlobs(parts, parts.forms.packed);
  }

  /** As FileBlobs.get. */
  async get(ctx: Context, digest: Digest, key: Key, span: Span): Promise<BlobReader | undefined> {
    for (const files of this.#formsOf(key)) {
      const blob = await files.get(ctx, digest, key, span);
      if (blob !== undefined) return blob;
    }
    return undefined;
  }

  /** Is there a file of the blob? */
  async look(digest: Digest, key: Key): Promise<boolean> {
    for (const files of this.#formsOf(key)) if (await files.look(digest, key)) return true;
    return false;
  }

  /** A file on its way to the blob's name. */
  begin(ctx: Context, digest: Digest): StagedFile {
    return new StagedFile(this.#parts, ctx, Digest.sizeBytes(digest));
  }

  /** Keeps a blob that was staged whole. Whoever does answers for the hash. */
  async keep(ctx: Context, digest: Digest, file: StagedFile): Promise<void> {
    if (this.#parts.compression === 'off') await this.#plain.name(file, digest);
    else await this.#putPacked(ctx, digest, piecesOf(file));
  }

  /** Keeps a blob whose bytes hash to its name. */
  async put(ctx: Context, digest: Digest, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.#parts.compression === 'off') await this.#putPlain(ctx, digest, chunks);
    else await this.#putPacked(ctx, digest, chunks);
  }

  async #putPlain(ctx: Context, digest: Digest, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await using file = this.begin(ctx, digest);
    await file.appendAll(chunks);
    await this.#plain.name(file, digest);
  }

  /** Packed, or as it is if its beginning doesn't shrink. */
  async #putPacked(ctx: Context, digest: Digest, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const contents = inFrames(chunks);
    const first = await contents.next();
    const beginning = first.done === true ? new Uint8Array() : first.value;
    const firstFrame = await PackedFile.pack(beginning);
    if (firstFrame.byteLength >= beginning.byteLength * worthwhile)
      return await this.#putPlain(ctx, digest, followed(beginning, contents));
    await using file = this.begin(ctx, digest);
    const frames: Frame[] = [];
    const append = async (frame: Uint8Array, contentBytes: number): Promise<void> => {
      frames.push({ offset: file.sizeBytes, bytes: frame.byteLength, contentOffset: 0, contentBytes });
      await file.append([frame]);
    };
    await append(firstFrame, beginning.byteLength);
    for await (const content of contents) {
      throwIfEnded(ctx);
      await append(await PackedFile.pack(content), content.byteLength);
    }
    await file.append([PackedFile.table(frames)]);
    await this.#packed.name(file, digest);
  }

  /** The form the index knows the blob in; both for one it doesn't know. */
  #formsOf(key: Key): readonly FileBlobs[] {
    const entry = this.#parts.contents.index.get(key);
    if (entry?.segment !== 0) return [this.#plain, this.#packed];
    return [entry.packedBytes === undefined ? this.#plain : this.#packed];
  }
}

/** What was staged, to be written down once more. */
async function* piecesOf(file: StagedFile): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.sizeBytes; at += pieceBytes) yield await file.read(at, pieceBytes);
}

const pieceBytes = 256 * 1024;

async function* followed(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}
