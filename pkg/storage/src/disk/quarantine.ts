import type { Disk, Random } from '@gorego/platform';
import { blockBytes, fileDiskBytes } from './blocks.ts';
import { parentOf } from './staging.ts';

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
    for (const { name } of await disk.list(Quarantine.directory)) {
      const path = `${Quarantine.directory}/${name}`;
      const bytes = await treeBytes(disk, path);
      if (bytes !== undefined) await quarantine.#keep({ path, bytes });
    }
    return quarantine;
  }

  get diskBytes(): number {
    return this.#bytes;
  }

  /** Moves what is there here, be it a file or a directory; what is too large to be kept is removed. */
  async take(path: string): Promise<void> {
    const bytes = await treeBytes(this.#disk, path);
    if (bytes === undefined) return;
    if (bytes > bytesMax) {
      await removeTree(this.#disk, path);
      return;
    }
    const to = this.#nameFor(path);
    await this.#disk.makeDirectory(Quarantine.directory);
    await this.#disk.rename(path, to);
    await this.#keep({ path: to, bytes });
  }

  /** Takes what keeps a file from having that name: a directory of that name, or a file where one of its directories should be. */
  async takeObstacles(path: string): Promise<void> {
    if ((await this.#disk.stat(path))?.kind === 'directory') await this.take(path);
    for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent)) {
      if ((await this.#disk.stat(parent))?.kind === 'file') await this.take(parent);
    }
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
      await removeTree(this.#disk, oldest.path);
    }
  }
}

/** What a file takes on the disk, or a directory with all that is in it; undefined if there is nothing. */
async function treeBytes(disk: Disk, path: string): Promise<number | undefined> {
  const stat = await disk.stat(path);
  if (stat?.kind !== 'directory') return stat && fileDiskBytes(stat.sizeBytes);
  let bytes = blockBytes;
  for (const { name } of await disk.list(path)) bytes += (await treeBytes(disk, `${path}/${name}`)) ?? 0;
  return bytes;
}

async function removeTree(disk: Disk, path: string): Promise<void> {
  if ((await disk.stat(path))?.kind !== 'directory') {
    await disk.remove(path);
    return;
  }
  for (const { name } of await disk.list(path)) await removeTree(disk, `${path}/${name}`);
  await disk.removeDirectory(path);
}
