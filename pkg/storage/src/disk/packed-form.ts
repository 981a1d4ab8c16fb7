import { type Context, throwIfEnded } from '@gorego/context';
import { Digest } from '@gorego/digest';
import type { DiskFile } from '@gorego/platform';
import type { Span } from '../byte-range.ts';
import { DiskPath } from './disk-path.ts';
import type { FileContent, FileForm } from './file-form.ts';
import type { FileReading } from './file-reading.ts';
import { type Frame, PackedFile } from './packed-file.ts';

/** A blob as zstd frames: who wants it compressed gets what is there, who doesn't has it unpacked. */
export function packedForm(reading: FileReading): FileForm {
  return {
    isPacked: true,
    pathOf: DiskPath.ofPacked,
    contentOf: async (file, fileBytes, digest) => {
      const frames = await PackedFile.frames(file, fileBytes, Digest.sizeBytes(digest));
      return new PackedContent(reading, file, frames);
    },
  };
}

class PackedContent implements FileContent {
  readonly recycle: (chunk: Uint8Array) => void;
  readonly #reading: FileReading;
  readonly #file: DiskFile;
  readonly #frames: readonly Frame[];

  constructor(reading: FileReading, file: DiskFile, frames: readonly Frame[]) {
    this.recycle = reading.recycle;
    this.#reading = reading;
    this.#file = file;
    this.#frames = frames;
  }

  async *chunks(ctx: Context, { start, end }: Span): AsyncGenerator<Uint8Array> {
    for (const frame of this.#frames) {
      const { contentOffset, contentBytes } = frame;
      if (contentOffset + contentBytes <= start || contentOffset >= end) continue;
      throwIfEnded(ctx);
      const content = await PackedFile.content(this.#file, frame);
      yield content.subarray(Math.max(0, start - contentOffset), end - contentOffset);
    }
  }

  /** The frames as they are, but for the one that `start` is inside of. */
  async *compressed(ctx: Context, start: number): AsyncGenerator<Uint8Array> {
    const wanted = this.#frames.filter(({ contentOffset, contentBytes }) => contentOffset + contentBytes > start);
    const [first] = wanted;
    if (first !== undefined && first.contentOffset < start) {
      const content = await PackedFile.content(this.#file, first);
      yield await PackedFile.pack(content.subarray(start - first.contentOffset));
      wanted.shift();
    }
    const [from, last] = [wanted[0], wanted.at(-1)];
    if (from === undefined || last === undefined) return;
    yield* this.#reading.pieces(ctx, this.#file, { start: from.offset, end: last.offset + last.bytes });
  }
}
