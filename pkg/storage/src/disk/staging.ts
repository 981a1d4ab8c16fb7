import type { Disk, Random } from '@gorego/platform';
import { DiskPath } from './disk-path.ts';

/** The one place where half-written files are. Nobody can see them until they are whole. */
export class Staging {
  readonly #disk: Disk;
  readonly #random: Random;
  /** Directories whose own names survive a loss of power. */
  readonly #settled = new Set<string>();

  constructor(disk: Disk, random: Random) {
    this.#disk = disk;
    this.#random = random;
  }

  /** Makes the place ready, and removes what a crash left there. Returns how many files that were. */
  async prepare(): Promise<number> {
    await this.#disk.makeDirectory(DiskPath.staging);
    const leftovers = (await this.#disk.list(DiskPath.staging)).filter(({ kind }) => kind === 'file');
    for (const { name } of leftovers) await this.#disk.remove(`${DiskPath.staging}/${name}`);
    return leftovers.length;
  }

  newPath(): string {
    return `${DiskPath.staging}/${this.#random.hex(16)}`;
  }

  /**
   * Makes the name of a file that was staged survive a loss of power, and the directories above it. Those that another
   * file was settled in do so already; that they are there is not enough, as who made them may still be at it.
   */
  async settle(path: string): Promise<void> {
    const directory = parentOf(path);
    await Promise.all([this.#disk.syncDirectory(directory), this.#disk.syncDirectory(DiskPath.staging)]);
    for (let child = directory; child !== '' && !this.#settled.has(child); child = parentOf(child)) {
      await this.#disk.syncDirectory(parentOf(child));
      this.#settled.add(child);
    }
  }

  /** A directory goes, or has gone. */
  unsettle(directory: string): void {
    this.#settled.delete(directory);
  }
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
