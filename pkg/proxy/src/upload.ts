import { type Context, unlessEnded } from '@gorego/context';
import type { Clock } from '@gorego/platform';
import { BlobReader } from '@gorego/storage';

/** An upload that has brought nothing for this long is one that others need not wait for. */
const stalledMs = 2000;

/** An upload under way, as others see it who bring the same blob. */
export class Upload {
  readonly #clock: Clock;
  readonly #ended = Promise.withResolvers<boolean>();
  #progressMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#progressMs = clock.monotonic();
  }

  /** The same blob, each piece of which is progress. */
  watching(blob: BlobReader): BlobReader {
    const progress = (): void => {
      this.#progressMs = this.#clock.monotonic();
    };
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of blob) {
        progress();
        yield chunk;
      }
      progress();
    };
    const { sizeBytes, verifiedAs } = blob;
    return new BlobReader({ sizeBytes, verifiedAs, chunks: chunks(), release: () => blob[Symbol.asyncDispose]() });
  }

  end(isDone: boolean): void {
    this.#ended.resolve(isDone);
  }

  /** True once the upload has succeeded; false when it failed, or while it stands still: then bring the blob yourself. */
  async succeeds(ctx: Context): Promise<boolean> {
    let stop: () => void = () => {};
    const stalled = new Promise<false>((resolve) => {
      const look = (): void => {
        const idleMs = this.#clock.monotonic() - this.#progressMs;
        if (idleMs >= stalledMs) resolve(false);
        else stop = this.#clock.after(stalledMs - idleMs, look);
      };
      look();
    });
    try {
      return await unlessEnded(ctx, Promise.race([this.#ended.promise, stalled]));
    } finally {
      stop();
    }
  }
}
