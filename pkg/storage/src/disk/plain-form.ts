import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { DiskPath } from './disk-path.ts';
import type { FileForm } from './file-form.ts';
import type { FileReading } from './file-reading.ts';

/** A blob's bytes, and nothing else: what any tool can read. */
export function plainForm(reading: FileReading): FileForm {
  return {
    isPacked: false,
    pathOf: DiskPath.ofBlob,
    contentOf: async (file, fileBytes, digest) => {
      if (fileBytes !== Digest.sizeBytes(digest))
        throw new Failure('data_loss', `a file of ${fileBytes} bytes is not the blob ${digest}`);
      return {
        chunks: (ctx, span) => reading.pieces(ctx, file, span),
        compressed: () => undefined,
        recycle: reading.recycle,
      };
    },
  };
}
