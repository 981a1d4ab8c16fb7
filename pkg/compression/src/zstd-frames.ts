import type { Cut, Refuse } from './format.ts';
import { type Step, zstdFrame } from './zstd-frame.ts';

/** Each frame costs a call, so there may be some, and one more for so many bytes. */
const framesMin = 16;
const frameBytesMin = 256;

/**
 * Finds where the frames of a zstd stream end, without decoding them: a decoder must be told, for it stops at the end
 * of a frame whatever follows.
 */
export class ZstdFrames implements Cut {
  readonly #refuse: Refuse;
  /** The frame that is being walked through; undefined between two. */
  #frame: Iterator<Step, void, Buffer> | undefined;
  #step: Step = { gather: 0 };
  readonly #gathered: Buffer = Buffer.alloc(18);
  #gatheredBytes = 0;
  #passedBytes = 0;
  #windowBytes = 0;
  #bytes = 0;
  #frames = 0;

  constructor(refuse: Refuse) {
    this.#refuse = refuse;
  }

  /** The largest window that a frame has asked for so far. */
  get windowBytes(): number {
    return this.#windowBytes;
  }

  /** Cuts the next chunk of the stream where frames end. */
  *pieces(chunk: Uint8Array): Generator<Uint8Array> {
    this.#bytes += chunk.byteLength;
    let begun = 0;
    for (let at = 0; at < chunk.byteLength; ) {
      if (this.#frame === undefined) this.#begin();
      at += this.#advance(chunk, at);
      if (this.#frame === undefined) {
        yield chunk.subarray(begun, at);
        begun = at;
      }
    }
    if (begun < chunk.byteLength) yield chunk.subarray(begun);
  }

  end(): void {
    if (this.#frame !== undefined) this.#refuse('it ends inside a frame');
  }

  #begin(): void {
    this.#frames++;
    if (this.#frames > framesMin + this.#bytes / frameBytesMin) {
      this.#refuse(`${this.#frames} frames in ${this.#bytes} bytes, fewer than ${frameBytesMin} for each`);
    }
    this.#frame = zstdFrame({
      refuse: this.#refuse,
      onWindow: (bytes) => {
        this.#windowBytes = Math.max(this.#windowBytes, bytes);
      },
    });
    this.#proceed();
  }

  /** Does as much of the step as the chunk has bytes for; says how many that were. */
  #advance(chunk: Uint8Array, at: number): number {
    if ('gather' in this.#step) {
      this.#gathered[this.#gatheredBytes++] = chunk[at] as number;
      if (this.#gatheredBytes === this.#step.gather) this.#proceed();
      return 1;
    }
    const passed = Math.min(this.#step.pass - this.#passedBytes, chunk.byteLength - at);
    this.#passedBytes += passed;
    if (this.#passedBytes === this.#step.pass) this.#proceed();
    return passed;
  }

  /** To the next step of the frame, or to its end. */
  #proceed(): void {
    const next = this.#frame?.next(this.#gathered);
    this.#gatheredBytes = 0;
    this.#passedBytes = 0;
    if (next?.done === false) this.#step = next.value;
    else this.#frame = undefined;
  }
}
