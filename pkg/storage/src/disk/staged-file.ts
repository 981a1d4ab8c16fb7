import { type Context, throwIfEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { DiskFile, FileStat } from '@gorego/platform';
import { blockBytes } from './blocks.ts';
import { relieved } from './recording.ts';
import { parentOf } from './staging.ts';
import type { StoreParts } from './store-parts.ts';

/** Room is taken in steps of this, as bytes come: who only announces a blob displaces nothing. */
const reserveBytes = 4 * 1024 * 1024;
/** A name, and the two directories it may need. */
const overheadBytes = 3 * blockBytes;
/** How often a file is given its name, when somebody removes its directory or puts something in its way meanwhile. */
const namingAttempts = 3;

/** A file on its way to a name, written below `tmp/` and renamed into place. Disposing it without one removes it. */
export class StagedFile implements AsyncDisposable {
  readonly #parts: StoreParts;
  readonly #ctx: Context;
  readonly #path: string;
  readonly #expectedBytes: number;
  readonly #reservations: Disposable[] = [];
  #reservedBytes = 0;
  #file: DiskFile | undefined;
  #sizeBytes = 0;
  #isNamed = false;
  #isDisposed = false;

  /** Begins nothing on the disk before there are bytes. */
  constructor(parts: StoreParts, ctx: Context, expectedBytes: number) {
    this.#parts = parts;
    this.#ctx = ctx;
    this.#path = parts.staging.newPath();
    this.#expectedBytes = expectedBytes;
  }

  /** Bytes that are written, and can be read. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Writes at the end; one at a time. */
  async append(chunks: readonly Uint8Array[]): Promise<void> {
    const bytes = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
    await this.#reserve(this.#sizeBytes + bytes);
    const file = await this.#begun();
    await relieved(this.#parts, bytes, () => file.write(chunks, this.#sizeBytes));
    this.#sizeBytes += bytes;
  }

  /** Gathers chunks into pieces: each write costs a wait for a thread. */
  async appendAll(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { gathering } = this.#parts;
    let gathered: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const chunk of chunks) {
        throwIfEnded(this.#ctx);
        gathered.push(chunk);
        bytes += chunk.byteLength;
        gathering.hold(chunk.byteLength);
        if (bytes < gathering.nextBytes) continue;
        await this.append(gathered);
        gathering.hold(-bytes);
        gathered = [];
        bytes = 0;
      }
      throwIfEnded(this.#ctx);
      await this.append(gathered);
    } finally {
      gathering.hold(-bytes);
    }
  }

  /** Up to `limitBytes` of what is written, from `position`. */
  async read(position: number, limitBytes: number): Promise<Uint8Array> {
    const into = Buffer.allocUnsafeSlow(Math.min(limitBytes, this.#sizeBytes - position));
    const count = (await this.#file?.read(into, position)) ?? 0;
    if (count < into.byteLength)
      throw new Failure('data_loss', `a staged file lost bytes ${position} to ${position + into.byteLength}`);
    return into;
  }

  /**
   * Gives the file its name; readable until disposed. Its directory is made when it is not known to be there, or turns
   * out not to be: a fresh store has none.
   */
  async name(path: string, { isInKnown }: { readonly isInKnown: boolean }): Promise<FileStat> {
    const { durability, staging } = this.#parts;
    const file = await this.#begun();
    if (durability === 'power') await file.sync();
    const stat = await file.stat();
    await renamed(this.#parts, this.#path, path, isInKnown);
    this.#isNamed = true;
    if (durability === 'power') await staging.settle(path);
    return stat;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#isDisposed = true;
    try {
      await file?.close();
      if (file !== undefined && !this.#isNamed) await this.#parts.disk.remove(this.#path);
    } catch {
      // What is left is cleared away at the next start. What went wrong before this is what matters.
    } finally {
      for (const reservation of this.#reservations.splice(0)) reservation[Symbol.dispose]();
    }
  }

  async #begun(): Promise<DiskFile> {
    if (this.#file !== undefined) return this.#file;
    const { disk } = this.#parts;
    if (this.#isDisposed) throw abandoned();
    const file = await relieved(this.#parts, blockBytes, async () => {
      try {
        return await disk.create(this.#path);
      } catch (reason) {
        if (!isNotFound(reason)) throw reason;
        await disk.makeDirectory(parentOf(this.#path)); // Somebody removed it.
        return await disk.create(this.#path);
      }
    });
    if (this.#isDisposed) {
      await file.close();
      await disk.remove(this.#path);
      throw abandoned();
    }
    this.#file = file;
    return file;
  }

  async #reserve(sizeBytes: number): Promise<void> {
    if (sizeBytes + overheadBytes <= this.#reservedBytes) return;
    const ahead = Math.min(this.#expectedBytes, sizeBytes + reserveBytes);
    const bytes = Math.max(sizeBytes, ahead) + overheadBytes - this.#reservedBytes;
    this.#reservations.push(await this.#parts.room.reserve(this.#ctx, bytes));
    this.#reservedBytes += bytes;
  }
}

function abandoned(): Failure {
  return new Failure('cancelled', 'a staged file was given up');
}

/** Whatever stands in its way goes into the quarantine. */
async function renamed(parts: StoreParts, from: string, to: string, isInKnown: boolean): Promise<void> {
  const { disk, quarantine, staging } = parts;
  const directory = parentOf(to);
  for (let attempt = 1; ; attempt++) {
    try {
      if (!isInKnown || attempt > 1) await disk.makeDirectory(directory);
      await disk.rename(from, to);
      return;
    } catch (reason) {
      const { code } = Failure.from(reason);
      if (code === 'resource_exhausted' || attempt === namingAttempts) throw reason;
      if (code !== 'not_found') await quarantine.takeObstacles(to);
      // Somebody removed what was known to be there.
      for (let gone = directory; gone !== ''; gone = parentOf(gone)) staging.unsettle(gone);
    }
  }
}

function isNotFound(reason: unknown): boolean {
  return Failure.from(reason).code === 'not_found';
}
