import { type Context, throwIfEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { DiskFile } from '@gorego/platform';
import type { Span } from '../byte-range.ts';
import { PieceBudget } from './piece-budget.ts';
import { SpareBuffers, spareBytesMax } from './spare-buffers.ts';

/**
 * What open readers read last. A reader that stands still keeps its piece, and what carries it to a client keeps it two or
 * three times over.
 */
const budget = { bytesTarget: 8 * 1024 * 1024, pieceBytesMin: 8 * 1024, pieceBytesMax: spareBytesMax };

/** Reads files piece by piece, in pieces that get smaller the more readers there are. */
export class FileReading {
  readonly #budget = new PieceBudget(budget);
  readonly #spares = new SpareBuffers();

  /** Reads into a piece's memory again, now that nobody looks at it any more. */
  readonly recycle = (piece: Uint8Array): void => this.#spares.giveBack(piece);

  /** The bytes of the span; `data_loss` if the file ends before it. The file stays the caller's. */
  async *pieces(ctx: Context, file: DiskFile, { start, end }: Span): AsyncGenerator<Uint8Array> {
    let heldBytes = 0;
    try {
      for (let position = start; position < end; ) {
        throwIfEnded(ctx);
        this.#budget.hold(-heldBytes);
        heldBytes = Math.min(end - position, this.#budget.nextBytes);
        this.#budget.hold(heldBytes);
        const into = this.#spares.take(heldBytes);
        const count = await file.read(into, position);
        if (count < into.byteLength)
          throw new Failure('data_loss', `the file ends at byte ${position + count} of ${end}`);
        position += count;
        yield into;
      }
    } finally {
      this.#budget.hold(-heldBytes);
    }
  }
}
