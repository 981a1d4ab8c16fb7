import { type Context, throwIfEnded } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { DiskFile } from '@gorego/platform';
import type { Span } from '../byte-range.ts';

/** How a blob is kept in a file of its own. */
export interface FileForm {
  readonly isPacked: boolean;
  pathOf(digest: Digest): string;
  /** The blob in an open file of that many bytes; `data_loss` if it can't be that blob. The file stays the caller's. */
  contentOf(file: DiskFile, fileBytes: number, digest: Digest): Promise<FileContent>;
}

/** A blob in an open file. Reading it fails with `data_loss` where the file is not as it was written, and as the disk does. */
export interface FileContent {
  chunks(ctx: Context, span: Span): AsyncIterable<Uint8Array>;
  /** The same from `start` to the end as zstd frames; undefined if that isn't how it is kept. */
  compressed(ctx: Context, start: number): AsyncIterable<Uint8Array> | undefined;
  /** Makes use again of the memory of a chunk of either, which nobody looks at any more. */
  readonly recycle: (chunk: Uint8Array) => void;
}

/** Reads all of it; `data_loss` if it isn't that blob. */
export async function checkContent(ctx: Context, content: FileContent, digest: Digest): Promise<void> {
  const hasher = Digest.hasher(digest);
  for await (const chunk of content.chunks(ctx, { start: 0, end: Digest.sizeBytes(digest) })) {
    hasher.update(chunk);
    content.recycle(chunk);
  }
  throwIfEnded(ctx);
  const hex = hasher.hex();
  if (hex !== Digest.hex(digest)) throw new Failure('data_loss', `the bytes of ${digest} hash to ${hex}`);
}
