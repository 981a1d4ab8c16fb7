import { type Context, throwIfEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { DiskFile } from '@gorego/platform';
import type { Span } from '../byte-range.ts';

/**
 * What the pieces that open readers read last may take together: the less of it is left, the smaller the next piece. A
 * reader that stands still keeps its piece, and what carries it to a client keeps it two or three times over.
 */
const readingBytesTarget = 8 * 1024 * 1024;
const pieceBytesMin = 8 * 1024;
const pieceBytesMax = 256 * 1024;

/** Reads files piece by piece, in pieces that get smaller the more readers there are. */
export class FileReading {
  #heldBytes = 0;

  /** The bytes of the span; `data_loss` if the file ends before it. The file stays the caller's. */
  async *pieces(ctx: Context, file: DiskFile, { start, end }: Span): AsyncGenerator<Uint8Array> {
    let heldBytes = 0;
    try {
      for (let position = start; position < end; ) {
        throwIfEnded(ctx);
        this.#heldBytes -= heldBytes;
        heldBytes = Math.min(end - position, this.#pieceBytes());
        this.#heldBytes += heldBytes;
        const into = Buffer.allocUnsafeSlow(heldBytes);
        const count = await file.read(into, position);
        if (count < into.byteLength)
          throw new Failure('data_loss', `the file ends at byte ${position + count} of ${end}`);
        position += count;
        yield into;
      }
    } finally {
      this.#heldBytes -= heldBytes;
    }
  }

  /** An eighth of what is left, so that those who come next find something too. */
  #pieceBytes(): number {
    const share = Math.floor((readingBytesTarget - this.#heldBytes) / 8);
    return Math.min(pieceBytesMax, Math.max(pieceBytesMin, share));
  }
}
