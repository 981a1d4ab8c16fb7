import { type Context, throwIfEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Disk, DiskFile, FileStat, Random } from '@gorego/platform';
import { DiskPath } from './disk-path.ts';

/** Chunks are gathered to about this much per write: small ones would cost a system call each. */
const gatherBytes = 64 * 1024;

/**
 * Files nobody can see until they are whole: written below `tmp/`, then renamed into place. Whatever goes wrong, and
 * wherever, nothing partial ever has a name.
 */
export class Staging {
  readonly #disk: Disk;
  readonly #random: Random;

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

  /**
   * Puts all of `chunks` at `path`, replacing what was there. A file is not begun before there are bytes to fill it: who
   * only announces a blob costs nothing.
   */
  async write(ctx: Context, chunks: AsyncIterable<Uint8Array>, path: string): Promise<FileStat> {
    const name = `${DiskPath.staging}/${this.#random.hex(16)}`;
    let file: DiskFile | undefined;
    let isNamed = false;
    try {
      let position = 0;
      let gathered: Uint8Array[] = [];
      let gatheredBytes = 0;
      const flush = async (): Promise<DiskFile> => {
        file ??= await this.#disk.create(name);
        await file.write(gathered, position);
        position += gatheredBytes;
        gathered = [];
        gatheredBytes = 0;
        return file;
      };
      for await (const chunk of chunks) {
        throwIfEnded(ctx);
        gathered.push(chunk);
        gatheredBytes += chunk.byteLength;
        if (gatheredBytes >= gatherBytes) await flush();
      }
      throwIfEnded(ctx);
      const stat = await (await flush()).stat();
      await this.#name(name, path);
      isNamed = true;
      return stat;
    } finally {
      await file?.close();
      if (file !== undefined && !isNamed) await this.#disk.remove(name);
    }
  }

  /** Directories are made when first needed: a fresh store is not 65,536 of them. */
  async #name(from: string, to: string): Promise<void> {
    try {
      await this.#disk.rename(from, to);
    } catch (reason) {
      if (!(reason instanceof Failure) || reason.code !== 'not_found') throw reason;
      await this.#disk.makeDirectory(to.slice(0, to.lastIndexOf('/')));
      await this.#disk.rename(from, to);
    }
  }
}
