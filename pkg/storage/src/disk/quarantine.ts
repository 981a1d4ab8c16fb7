import type { Disk, Random } from '@gorego/platform';
import { fileDiskBytes } from './blocks.ts';

/** What is kept to be looked at; the oldest makes way. */
const filesMax = 100;
const bytesMax = 64 * 1024 * 1024;

interface Kept {
  readonly path: string;
  /** On the disk. */
  readonly bytes: number;
}

/** A place for what turned out to be wrong, so that a person can see what happened to it. Bounded. */
export class Quarantine {
  static readonly directory = 'quarantine';
  readonly #disk: Disk;
  readonly #random: Random;
  readonly #kept: Kept[] = [];
  #bytes = 0;

  private constructor(disk: Disk, random: Random) {
    this.#disk = disk;
    this.#random = random;
  }

  static async open(disk: Disk, random: Random): Promise<Quarantine> {
    const quarantine = new Quarantine(disk, random);
    for (const { name, kind } of await disk.list(Quarantine.directory)) {
      const path = `${Quarantine.directory}/${name}`;
      const stat = kind === 'file' ? await disk.stat(path) : undefined;
      if (stat !== undefined) await quarantine.#keep({ path, bytes: fileDiskBytes(stat.sizeBytes) });
    }
    return quarantine;
  }

  get diskBytes(): number {
    return this.#bytes;
  }

  /** Moves a file here; one that is too large to be kept is removed. */
  async takeFile(path: string, sizeBytes: number): Promise<void> {
    if (sizeBytes > bytesMax) {
      await this.#disk.remove(path);
      return;
    }
    const to = this.#nameFor(path);
    await this.#disk.makeDirectory(Quarantine.directory);
    await this.#disk.rename(path, to);
    await this.#keep({ path: to, bytes: fileDiskBytes(sizeBytes) });
  }

  /** Writes down bytes that were found somewhere. */
  async takeBytes(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.#nameFor(name);
    await this.#disk.makeDirectory(Quarantine.directory);
    const file = await this.#disk.create(path);
    try {
      await file.write([bytes], 0);
    } finally {
      await file.close();
    }
    await this.#keep({ path, bytes: fileDiskBytes(bytes.byteLength) });
  }

  #nameFor(path: string): string {
    return `${Quarantine.directory}/${path.slice(path.lastIndexOf('/') + 1)}-${this.#random.hex(4)}`;
  }

  async #keep(file: Kept): Promise<void> {
    this.#kept.push(file);
    this.#bytes += file.bytes;
    while (this.#kept.length > filesMax || this.#bytes > bytesMax) {
      const oldest = this.#kept.shift() as Kept;
      this.#bytes -= oldest.bytes;
      await this.#disk.remove(oldest.path);
    }
  }
}
