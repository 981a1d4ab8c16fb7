import { type Context, unlessEnded } from '@gorego/context';
import type { Clock } from '@gorego/platform';
import { BlobReader } from '@gorego/storage';

/** An upload that brings less than this in that time is one that others need not wait for: they have the bytes at hand. */
const slowBytes = 1024 * 1024;
const slowMs = 2000;

/** An upload under way, as others see it who bring the same blob. */
export class Upload {
  readonly #clock: Clock;
  readonly #ended = Promise.withResolvers<boolean>();
  /** When it last had brought so much, and what it has brought since. */
  #progressMs: number;
  #broughtBytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#progressMs = clock.monotonic();
  }

  /** The same blob, whose pieces are progress. */
  watching(blob: BlobReader): BlobReader {
    const bring = (bytes: number): void => {
      this.#broughtBytes += bytes;
      if (this.#broughtBytes < slowBytes) return;
      this.#broughtBytes = 0;
      this.#progressMs = this.#clock.monotonic();
    };
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of blob) {
        bring(chunk.byteLength);
        yield chunk;
      }
      bring(slowBytes); // All that there is.
    };
    const { sizeBytes, verifiedAs } = blob;
    return new BlobReader({ sizeBytes, verifiedAs, chunks: chunks(), release: () => blob[Symbol.asyncDispose]() });
  }

  end(isDone: boolean): void {
    this.#ended.resolve(isDone);
  }

  /** True once the upload has succeeded; false when it failed, or while it is slow: then bring the blob yourself. */
  async succeeds(ctx: Context): Promise<boolean> {
    let stop: () => void = () => {};
    const slow = new Promise<false>((resolve) => {
      const look = (): void => {
        const idleMs = this.#clock.monotonic() - this.#progressMs;
        if (idleMs >= slowMs) resolve(false);
        else stop = this.#clock.after(slowMs - idleMs, look);
      };
      look();
    });
    try {
      return await unlessEnded(ctx, Promise.race([this.#ended.promise, slow]));
    } finally {
      stop();
    }
  }
}
