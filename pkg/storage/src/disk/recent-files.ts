import type { DiskFile } from '@gorego/platform';

/** Of what was read last, so much is taken to be in memory still. */
const rememberedBytes = 256 * 1024 * 1024;

/**
 * Guesses which files the operating system still has in memory: those read whole not long ago. To open, read and close
 * such a file at once costs a fraction of waiting for a thread three times; a wrong guess costs one wait for the disk.
 */
export class RecentFiles {
  /** Bytes by identity, those read longest ago first. */
  readonly #files = new Map<number, number>();
  #bytes = 0;

  has(identity: number): boolean {
    return this.#files.has(identity);
  }

  /** All of the file is being read. */
  touch(identity: number, bytes: number): void {
    this.#remove(identity);
    if (bytes > rememberedBytes) return;
    this.#files.set(identity, bytes);
    this.#bytes += bytes;
    for (const [oldest] of this.#files) {
      if (this.#bytes <= rememberedBytes) break;
      this.#remove(oldest);
    }
  }

  #remove(identity: number): void {
    this.#bytes -= this.#files.get(identity) ?? 0;
    this.#files.delete(identity);
  }
}

/** A file that is in memory: nobody waits for a thread to read it. */
export function atOnce(file: DiskFile): DiskFile {
  return {
    read: async (into, position) => file.readNow(into, position),
    readNow: (into, position) => file.readNow(into, position),
    write: (chunks, position) => file.write(chunks, position),
    sync: () => file.sync(),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    stat: () => file.stat(),
    close: async () => file.closeNow(),
    closeNow: () => file.closeNow(),
  };
}
