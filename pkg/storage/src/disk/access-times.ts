import type { Digest } from '@gorego/digest';
import type { Clock, Disk } from '@gorego/platform';
import { DiskPath } from './disk-path.ts';

/** A file's time is written this often at most. */
const everyMs = 60_000;
/** Files that wait for it; what is used beyond them in a minute is not told. */
const waitingMax = 100_000;

/**
 * Tells the file system when files were used, for tools that look there: it may not do so itself (`noatime`), and the store
 * has times of its own.
 */
export class AccessTimes implements Disposable {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #spawn: (what: string, run: () => Promise<void>) => void;
  readonly #used = new Map<Digest, number>();
  #stopTimer: (() => void) | undefined;

  constructor(disk: Disk, clock: Clock, spawn: (what: string, run: () => Promise<void>) => void) {
    this.#disk = disk;
    this.#clock = clock;
    this.#spawn = spawn;
  }

  /** A file has just been used. */
  note(digest: Digest): void {
    if (this.#used.size < waitingMax) this.#used.set(digest, this.#clock.now());
    this.#stopTimer ??= this.#clock.after(everyMs, () => {
      this.#stopTimer = undefined;
      this.#spawn('write access times', () => this.flush());
    });
  }

  /** Writes down what was noted. */
  async flush(): Promise<void> {
    const used = Array.from(this.#used);
    this.#used.clear();
    for (const [digest, usedMs] of used) {
      for (const path of [DiskPath.ofBlob(digest), DiskPath.ofPacked(digest)]) {
        const stat = await this.#disk.stat(path);
        if (stat !== undefined) await this.#disk.setTimes(path, usedMs, stat.modifiedMs);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#stopTimer?.();
  }
}
