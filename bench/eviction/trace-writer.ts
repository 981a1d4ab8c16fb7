import type { Trace } from './trace.ts';

/** Numbers what is asked for as it comes by. */
export class TraceWriter {
  readonly #actions = new Map<number, number>();
  readonly #blobs = new Map<number, number>();
  readonly #asked: number[] = [];
  readonly #at: number[] = [];
  readonly #seconds: number[] = [];
  readonly #blobsOf: Uint32Array[] = [];
  readonly #bytesOf: number[] = [];

  /** An action is asked for; `blobs` tells what it makes, the first time. Keys are anything that tells one from another. */
  ask(at: number, key: number, seconds: number, blobs: () => readonly { key: number; bytes: number }[]): void {
    let action = this.#actions.get(key);
    if (action === undefined) {
      action = this.#blobsOf.length;
      this.#actions.set(key, action);
      this.#seconds.push(seconds);
      this.#blobsOf.push(Uint32Array.from(blobs(), (blob) => this.#blob(blob.key, blob.bytes)));
    }
    this.#asked.push(action);
    this.#at.push(at);
  }

  trace(): Trace {
    return {
      asked: Uint32Array.from(this.#asked),
      at: Float64Array.from(this.#at),
      seconds: Float64Array.from(this.#seconds),
      blobsOf: this.#blobsOf,
      bytesOf: Float64Array.from(this.#bytesOf),
    };
  }

  #blob(key: number, bytes: number): number {
    const known = this.#blobs.get(key);
    if (known !== undefined) return known;
    const number = this.#bytesOf.length;
    this.#blobs.set(key, number);
    this.#bytesOf.push(Math.ceil(bytes));
    return number;
  }
}
