import { Failure } from '@gorego/errors';

/**
 * The memory that codecs keep between one chunk of a stream and the next, of all streams together: about one MiB for
 * each that is compressed by zstd, and for each that is decompressed the window its sender chose.
 */
export class ContextMemory {
  readonly #limitBytes: number;
  #takenBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** Room for one stream, of nothing yet. Disposing it gives back what it has grown to. */
  room(): Room {
    let ownBytes = 0;
    const tryGrow = (toBytes: number): boolean => {
      const more = Math.max(0, toBytes - ownBytes);
      if (this.#takenBytes + more > this.#limitBytes) return false;
      this.#takenBytes += more;
      ownBytes += more;
      return true;
    };
    return {
      tryGrow,
      grow: (toBytes) => {
        if (tryGrow(toBytes)) return;
        const taken = `${this.#takenBytes} of ${this.#limitBytes} bytes are taken`;
        throw new Failure('resource_exhausted', `compression: no room for a stream that needs ${toBytes}: ${taken}`);
      },
      [Symbol.dispose]: () => {
        this.#takenBytes -= ownBytes;
        ownBytes = 0;
      },
    };
  }
}

export interface Room extends Disposable {
  /** Whether there is as much; if not, all stays as it was. */
  tryGrow(toBytes: number): boolean;
  /** The same; `resource_exhausted` if there isn't. */
  grow(toBytes: number): void;
}

/** Two, so that readers who stand still are in no writer's way. */
export interface CodecsMemory {
  readonly compressing: ContextMemory;
  readonly decompressing: ContextMemory;
}
