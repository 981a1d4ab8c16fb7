import type { Clock } from '@gorego/platform';

export interface SilenceWatchInit {
  readonly clock: Clock;
  /** How long the upstream may say nothing while something is expected of it. */
  readonly silentMs: number;
  /** Finds out whether it is dead or merely slow; true if it lives. Must end by itself. */
  readonly isAlive: () => Promise<boolean>;
  readonly onDead: () => void;
}

/**
 * Notices an upstream that neither answers nor refuses: packets that vanish, a process that hangs. While calls wait and
 * nothing has been heard on any of them for `silentMs`, it asks whether the upstream lives; a slow answer to one call is
 * no fault as long as that is answered.
 */
export class SilenceWatch implements Disposable {
  readonly #init: SilenceWatchInit;
  #waiting = 0;
  #heardMs = 0;
  #stop: (() => void) | undefined;
  #isAsking = false;

  constructor(init: SilenceWatchInit) {
    this.#init = init;
  }

  /** Somebody waits for the upstream, until what is returned is called. */
  wait(): () => void {
    if (this.#waiting++ === 0) this.heard(); // Before, nothing was expected.
    this.#stop ??= this.#lookIn(this.#init.silentMs);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#waiting--;
    };
  }

  /** The upstream gave a sign of life. */
  heard(): void {
    this.#heardMs = this.#init.clock.monotonic();
  }

  [Symbol.dispose](): void {
    this.#stop?.();
  }

  #lookIn(ms: number): () => void {
    return this.#init.clock.after(ms, () => {
      this.#stop = undefined;
      if (this.#waiting === 0 || this.#isAsking) return;
      const silentMs = this.#init.clock.monotonic() - this.#heardMs;
      if (silentMs < this.#init.silentMs) this.#stop = this.#lookIn(this.#init.silentMs - silentMs);
      else void this.#ask();
    });
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    const isAlive = await this.#init.isAlive();
    this.#isAsking = false;
    if (isAlive) this.heard();
    else this.#init.onDead();
    if (this.#waiting > 0) this.#stop ??= this.#lookIn(this.#init.silentMs);
  }
}
