import type { Thresholds } from './thresholds.ts';

/** Shares memory among the windows of all transfers: the more there are, the smaller each, down to about one piece of a stream. */
export class WindowBudget {
  readonly #totalBytes: number;
  readonly #thresholds: Thresholds;
  #windows = 0;

  constructor(totalBytes: number, thresholds: Thresholds) {
    this.#totalBytes = totalBytes;
    this.#thresholds = thresholds;
  }

  /** What a window may hold now. */
  get windowBytes(): number {
    const fair = Math.floor(this.#totalBytes / Math.max(1, this.#windows));
    return Math.min(this.#thresholds.window, Math.max(this.#thresholds.piece, fair));
  }

  /** One more window, until what is returned is called. */
  open(): () => void {
    this.#windows++;
    let isOpen = true;
    return () => {
      if (isOpen) this.#windows--;
      isOpen = false;
    };
  }
}
