import { Failure } from '@gorego/errors';
import type { DiskFile } from '@gorego/platform';
import { fileDiskBytes } from '../blocks.ts';

/** One append-only file of records. Closed when it has been dropped and nobody reads it any more. */
export class Segment {
  readonly number: number;
  readonly #file: DiskFile;
  #lengthBytes: number;
  #users = 0;
  #appended: Promise<unknown> = Promise.resolve();
  #closing: PromiseWithResolvers<void> | undefined;

  constructor(number: number, file: DiskFile, lengthBytes: number) {
    this.number = number;
    this.#file = file;
    this.#lengthBytes = lengthBytes;
  }

  static path(number: number): string {
    return `${Segment.directory}/${number.toString().padStart(10, '0')}`;
  }

  static readonly directory = 'segments';

  /** The number in a file's name; undefined for a stranger. */
  static numberIn(name: string): number | undefined {
    const number = /^[0-9]{10}$/.test(name) ? Number(name) : 0;
    return number > 0 && number < 2 ** 32 ? number : undefined;
  }

  /** Whole records only: bytes beyond are not there yet, or not right. */
  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  get diskBytes(): number {
    return fileDiskBytes(this.#lengthBytes);
  }

  /** Writes at the end; one at a time. What a failure leaves half-written is cut off. */
  append(chunks: readonly Uint8Array[], bytes: number, { sync }: { sync: boolean }): Promise<number> {
    const appending = this.#append(chunks, bytes, sync);
    this.#appended = appending.catch(() => {});
    return appending;
  }

  /** Resolves when nothing is being written. */
  async appended(): Promise<void> {
    await this.#appended;
  }

  async #append(chunks: readonly Uint8Array[], bytes: number, sync: boolean): Promise<number> {
    const offset = this.#lengthBytes;
    try {
      await this.#file.write(chunks, offset);
      if (sync) await this.#file.sync();
    } catch (reason) {
      await this.#file.truncate(offset).catch(() => {}); // Else the next write covers it, or the next start cuts it.
      throw reason;
    }
    this.#lengthBytes = offset + bytes;
    return offset;
  }

  /** Forgets what is beyond: it was found not to be whole. */
  async cut(lengthBytes: number): Promise<void> {
    await this.#file.truncate(lengthBytes);
    this.#lengthBytes = lengthBytes;
  }

  readNow(into: Uint8Array, offset: number): void {
    this.#whole(this.#file.readNow(into, offset), into, offset);
  }

  async read(into: Uint8Array, offset: number): Promise<void> {
    await this.#use(async () => this.#whole(await this.#file.read(into, offset), into, offset));
  }

  /** Makes what has been appended survive a loss of power. */
  async sync(): Promise<void> {
    await this.#use(() => this.#file.sync());
  }

  async #use(run: () => Promise<void>): Promise<void> {
    this.#users++;
    try {
      await run();
    } finally {
      this.#users--;
      if (this.#users === 0) this.#closing?.resolve();
    }
  }

  /** Fewer bytes than asked for, at the end. */
  async readSome(into: Uint8Array, offset: number): Promise<Uint8Array> {
    const count = Math.max(0, Math.min(into.byteLength, this.#lengthBytes - offset));
    const some = into.subarray(0, count);
    await this.read(some, offset);
    return some;
  }

  async close(): Promise<void> {
    this.#closing = Promise.withResolvers();
    if (this.#users > 0) await this.#closing.promise;
    await this.#file.close();
  }

  #whole(count: number, into: Uint8Array, offset: number): void {
    if (count === into.byteLength) return;
    const where = `${Segment.path(this.number)} at byte ${offset}`;
    throw new Failure('data_loss', `${where}: ${count} bytes instead of ${into.byteLength}`);
  }
}
