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

  /** A new file. It is not made before there are bytes to fill it: who only announces a blob costs nothing. */
  begin(): StagedFile {
    return new StagedFile(this.#disk, `${DiskPath.staging}/${this.#random.hex(16)}`);
  }

  /** Puts all of `chunks` at `path`, replacing what was there. */
  async write(ctx: Context, chunks: AsyncIterable<Uint8Array>, path: string): Promise<FileStat> {
    await using file = this.begin();
    let gathered: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of chunks) {
      throwIfEnded(ctx);
      gathered.push(chunk);
      bytes += chunk.byteLength;
      if (bytes < gatherBytes) continue;
      await file.append(gathered);
      gathered = [];
      bytes = 0;
    }
    throwIfEnded(ctx);
    await file.append(gathered);
    return await file.name(path); // Before `file` is disposed.
  }
}

/** A file on its way to a name. Disposing it without one removes it. */
export class StagedFile implements AsyncDisposable {
  readonly #disk: Disk;
  readonly #path: string;
  #file: DiskFile | undefined;
  #sizeBytes = 0;
  #isNamed = false;

  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.#path = path;
  }

  /** Bytes that are written, and can be read. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Writes at the end; one at a time. */
  async append(chunks: readonly Uint8Array[]): Promise<void> {
    this.#file ??= await this.#disk.create(this.#path);
    await this.#file.write(chunks, this.#sizeBytes);
    this.#sizeBytes += chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Up to `limitBytes` of what is written, from `position`. */
  async read(position: number, limitBytes: number): Promise<Uint8Array> {
    const into = Buffer.allocUnsafeSlow(Math.min(limitBytes, this.#sizeBytes - position));
    const count = (await this.#file?.read(into, position)) ?? 0;
    if (count < into.byteLength)
      throw new Failure('data_loss', `a staged file lost bytes ${position} to ${position + into.byteLength}`);
    return into;
  }

  /** Gives the file its name; readable until disposed. Directories are made when first needed: a fresh store has none. */
  async name(path: string): Promise<FileStat> {
    this.#file ??= await this.#disk.create(this.#path);
    const stat = await this.#file.stat();
    try {
      await this.#disk.rename(this.#path, path);
    } catch (reason) {
      if (!(reason instanceof Failure) || reason.code !== 'not_found') throw reason;
      await this.#disk.makeDirectory(path.slice(0, path.lastIndexOf('/')));
      await this.#disk.rename(this.#path, path);
    }
    this.#isNamed = true;
    return stat;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    await file.close();
    if (!this.#isNamed) await this.#disk.remove(this.#path);
  }
}
