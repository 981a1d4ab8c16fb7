import { resultBytes, type Trace } from './trace.ts';

/** Results and blobs as things of one kind, by number: blobs first. */
export class Items {
  readonly count: number;
  bytes = 0;
  readonly #trace: Trace;
  readonly #here: Uint8Array;

  constructor(trace: Trace) {
    this.#trace = trace;
    this.count = trace.bytesOf.length + trace.blobsOf.length;
    this.#here = new Uint8Array(this.count);
  }

  isHere(item: number): boolean {
    return this.#here[item] === 1;
  }

  isWhole(action: number): boolean {
    let isWhole = true;
    this.forEach(action, (item) => {
      if (!this.isHere(item)) isWhole = false;
    });
    return isWhole;
  }

  forEach(action: number, run: (item: number) => void): void {
    run(this.#trace.bytesOf.length + action);
    for (const blob of this.#trace.blobsOf[action] as Uint32Array) run(blob);
  }

  keep(item: number): void {
    if (this.isHere(item)) return;
    this.#here[item] = 1;
    this.bytes += this.#bytesOf(item);
  }

  drop(item: number): void {
    this.#here[item] = 0;
    this.bytes -= this.#bytesOf(item);
  }

  #bytesOf(item: number): number {
    return this.#trace.bytesOf[item] ?? resultBytes;
  }
}
