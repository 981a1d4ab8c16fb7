import { background, sleep } from '@gorego/context';
import { type Code, Failure } from '@gorego/errors';
import type { Clock, Disk, DiskFile, Entry, FileStat } from '@gorego/platform';
import type { SeededRandom } from './seeded-random.ts';

export interface DiskFaults {
  /** The longest that one operation takes. Milliseconds. */
  readonly slowestMs: number;
  /** How probable it is that one operation fails. */
  readonly fails: number;
  /** How it fails then. */
  readonly failure: Code;
  /** What fits on it, all files together. Bytes. */
  readonly capacityBytes: number;
}

export const kindDisk: DiskFaults = {
  slowestMs: 1,
  fails: 0,
  failure: 'internal',
  capacityBytes: Number.POSITIVE_INFINITY,
};

interface Inode {
  bytes: Uint8Array;
  readonly number: number;
  modifiedMs: number;
}

const ctx = background();

/** A disk in memory, as slow, as small and as unreliable as it is told to be. It knows who still has a file open. */
export class SimulatedDisk implements Disk {
  readonly path = '/simulated';
  readonly #random: SeededRandom;
  readonly #clock: Clock;
  #faults: DiskFaults;
  readonly #files = new Map<string, Inode>();
  readonly #directories = new Set(['']);
  #inodes = 0;
  openFiles = 0;

  constructor(random: SeededRandom, clock: Clock, faults: DiskFaults = kindDisk) {
    this.#random = random;
    this.#clock = clock;
    this.#faults = faults;
  }

  /** Behaves like this from now on. */
  trouble(faults: DiskFaults): void {
    this.#faults = faults;
  }

  /** Every file, by path. */
  get files(): ReadonlyMap<string, { readonly bytes: Uint8Array }> {
    return this.#files;
  }

  async open(path: string): Promise<DiskFile | undefined> {
    await this.#falter(`open ${path}`);
    const inode = this.#files.get(path);
    return inode && this.#handle(inode);
  }

  async create(path: string): Promise<DiskFile> {
    await this.#falter(`create ${path}`);
    if (!this.#directories.has(parentOf(path))) throw new Failure('not_found', `create ${path}: ENOENT`);
    if (this.#files.has(path)) throw new Failure('already_exists', `create ${path}: EEXIST`);
    const inode = { bytes: new Uint8Array(), number: ++this.#inodes, modifiedMs: this.#clock.now() };
    this.#files.set(path, inode);
    return this.#handle(inode);
  }

  async stat(path: string): Promise<FileStat | undefined> {
    await this.#falter(`stat ${path}`);
    const inode = this.#files.get(path);
    if (inode !== undefined) return statOf(inode);
    return this.#directories.has(path) ? { kind: 'directory', sizeBytes: 0, modifiedMs: 0, inode: 0 } : undefined;
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#falter(`rename ${from}`);
    const inode = this.#files.get(from);
    if (inode === undefined || !this.#directories.has(parentOf(to)))
      throw new Failure('not_found', `rename ${from}: ENOENT`);
    this.#files.delete(from);
    this.#files.set(to, inode);
  }

  async remove(path: string): Promise<boolean> {
    await sleep(ctx, this.#clock, this.#random.between(0, this.#faults.slowestMs)); // Cleaning up always works.
    return this.#files.delete(path);
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#falter(`make directory ${path}`);
    for (let part = path; part !== ''; part = parentOf(part)) this.#directories.add(part);
  }

  async list(path: string): Promise<readonly Entry[]> {
    await this.#falter(`list ${path}`);
    const names = (from: Iterable<string>, kind: Entry['kind']): Entry[] =>
      Array.from(from)
        .filter((name) => name !== '' && parentOf(name) === path)
        .map((name) => ({ name: name.slice(path === '' ? 0 : path.length + 1), kind }));
    return [...names(this.#files.keys(), 'file'), ...names(this.#directories, 'directory')];
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#falter(`sync ${path}`);
  }

  #handle(inode: Inode): DiskFile {
    this.openFiles++;
    let isOpen = true;
    return {
      read: async (into, position) => {
        await this.#falter('read');
        const bytes = inode.bytes.subarray(position, position + into.byteLength);
        into.set(bytes);
        return bytes.byteLength;
      },
      write: async (chunks, position) => {
        await this.#falter('write');
        const added = Buffer.concat(chunks);
        this.#reserve(position + added.byteLength - inode.bytes.byteLength);
        inode.bytes = Buffer.concat([inode.bytes.subarray(0, position), added]);
        inode.modifiedMs = this.#clock.now();
      },
      sync: () => this.#falter('sync'),
      stat: async () => {
        await this.#falter('stat');
        return statOf(inode);
      },
      close: async () => {
        if (!isOpen) throw new Error('closed twice');
        isOpen = false;
        this.openFiles--;
      },
    };
  }

  #reserve(bytes: number): void {
    let used = 0;
    for (const { bytes } of this.#files.values()) used += bytes.byteLength;
    if (used + bytes > this.#faults.capacityBytes) throw new Failure('resource_exhausted', 'write: ENOSPC');
  }

  async #falter(doing: string): Promise<void> {
    await sleep(ctx, this.#clock, this.#random.between(0, this.#faults.slowestMs));
    if (this.#random.chance(this.#faults.fails)) throw new Failure(this.#faults.failure, `${doing}: simulated`);
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function statOf({ bytes, modifiedMs, number }: Inode): FileStat {
  return { kind: 'file', sizeBytes: bytes.byteLength, modifiedMs, inode: number };
}
