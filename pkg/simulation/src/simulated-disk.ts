import { background, sleep } from '@gorego/context';
import { type Code, Failure } from '@gorego/errors';
import type { Clock, Disk, DiskFile, DiskSpace, Entry, FileStat } from '@gorego/platform';
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

/** What a file takes is a multiple of this. */
const blockBytes = 4096;

interface Inode {
  bytes: Uint8Array;
  /** What a loss of power leaves for sure. */
  synced: Uint8Array;
  readonly number: number;
  modifiedMs: number;
  accessedMs: number;
  /** What can't be read any more. */
  spoilt?: { readonly start: number; readonly end: number };
}

/** Names given (`to`) and taken (`from`) in one stroke, which the directories have not been synced after. */
interface NameChange {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly inode: Inode;
  readonly unsynced: Set<string>;
}

const ctx = background();

/**
 * A disk in memory, as slow, as small and as unreliable as it is told to be. It knows who still has a file open, it can
 * die in the middle of any operation, and it remembers afterwards what a real one would.
 */
export class SimulatedDisk implements Disk {
  readonly path = '/simulated';
  readonly #random: SeededRandom;
  readonly #clock: Clock;
  #faults: DiskFaults;
  readonly #files = new Map<string, Inode>();
  /** The names that a loss of power leaves for sure. */
  readonly #syncedNames = new Map<string, Inode>();
  readonly #changes: NameChange[] = [];
  /** Whether a loss of power leaves it for sure. */
  readonly #directories = new Map([['', true]]);
  #inodes = 0;
  #operations = 0;
  #diesAt = Number.POSITIVE_INFINITY;
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

  /** Those bytes of a file can't be read from now on. */
  spoil(path: string, start = 0, end: number = Number.POSITIVE_INFINITY): void {
    const inode = this.#files.get(path);
    if (inode !== undefined) inode.spoilt = { start, end };
  }

  /** Operations so far. */
  get operations(): number {
    return this.#operations;
  }

  /** The machine stops in the middle of that operation, and nothing works any more. */
  dieAt(operation: number): void {
    this.#diesAt = operation;
  }

  get isDead(): boolean {
    return this.#operations >= this.#diesAt;
  }

  /** Every file, by path. */
  get files(): ReadonlyMap<string, { readonly bytes: Uint8Array }> {
    return this.#files;
  }

  /** What a store finds when it starts again: after its process ended, everything; after a loss of power, what was synced, and any part of the rest. */
  afterwards(end: 'process' | 'power'): SimulatedDisk {
    const disk = new SimulatedDisk(this.#random, this.#clock);
    const copies = new Map<Inode, Inode>();
    const copyOf = (inode: Inode): Inode => {
      const known = copies.get(inode);
      if (known !== undefined) return known;
      const bytes = end === 'process' ? inode.bytes.slice() : this.#remembered(inode);
      const copy = { ...inode, bytes, synced: bytes.slice(), number: ++disk.#inodes };
      copies.set(inode, copy);
      return copy;
    };
    for (const [path, isSynced] of this.#directories) {
      if (end === 'process' || isSynced || this.#random.chance(0.5)) disk.#directories.set(path, true);
    }
    for (const [path, inode] of end === 'process' ? this.#files : this.#rememberedNames()) {
      if (disk.#hasParents(path)) disk.#files.set(path, copyOf(inode));
    }
    for (const [path, inode] of disk.#files) disk.#syncedNames.set(path, inode);
    return disk;
  }

  #remembered({ bytes, synced }: Inode): Uint8Array {
    const sizeBytes = this.#random.between(Math.min(bytes.byteLength, synced.byteLength), bytes.byteLength);
    const left = new Uint8Array(sizeBytes);
    for (let at = 0; at < sizeBytes; at += blockBytes) {
      const from = this.#random.chance(0.5) ? bytes : synced;
      left.set(from.subarray(at, Math.min(at + blockBytes, sizeBytes)), at);
    }
    return left;
  }

  #rememberedNames(): Map<string, Inode> {
    const names = new Map(this.#syncedNames);
    const count = this.#random.between(0, this.#changes.length);
    for (const change of this.#changes.slice(0, count)) apply(names, change);
    return names;
  }

  async open(path: string): Promise<DiskFile | undefined> {
    await this.#falter(`open ${path}`);
    const inode = this.#files.get(path);
    return inode && this.#handle(inode);
  }

  openNow(path: string): DiskFile | undefined {
    if (this.isDead) throw gone();
    const inode = this.#files.get(path);
    return inode && this.#handle(inode);
  }

  openToWrite(path: string): Promise<DiskFile | undefined> {
    return this.open(path);
  }

  async create(path: string): Promise<DiskFile> {
    let inode: Inode | undefined;
    await this.#falter(`create ${path}`, () => {
      if (!this.#directories.has(parentOf(path))) throw new Failure('not_found', `create ${path}: ENOENT`);
      if (this.#files.has(path)) throw new Failure('already_exists', `create ${path}: EEXIST`);
      const now = this.#clock.now();
      const empty = new Uint8Array();
      inode = { bytes: empty, synced: empty, number: ++this.#inodes, modifiedMs: now, accessedMs: now };
      this.#change(undefined, path, inode);
    });
    return this.#handle(inode as Inode);
  }

  async stat(path: string): Promise<FileStat | undefined> {
    await this.#falter(`stat ${path}`);
    const inode = this.#files.get(path);
    if (inode !== undefined) return statOf(inode);
    const directory = { sizeBytes: 0, allocatedBytes: 0, modifiedMs: 0, accessedMs: 0, inode: 0 };
    return this.#directories.has(path) ? { kind: 'directory', ...directory } : undefined;
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#falter(`rename ${from}`, () => {
      const inode = this.#files.get(from);
      if (inode === undefined || !this.#directories.has(parentOf(to)))
        throw new Failure('not_found', `rename ${from}: ENOENT`);
      this.#change(from, to, inode);
    });
  }

  async remove(path: string): Promise<boolean> {
    let isHere = false;
    const remove = (): void => {
      const inode = this.#files.get(path);
      isHere = inode !== undefined;
      if (inode !== undefined) this.#change(path, undefined, inode);
    };
    await this.#falter(`remove ${path}`, remove, { neverFails: true });
    return isHere;
  }

  async removeDirectory(path: string): Promise<boolean> {
    let isDone = false;
    await this.#falter(`remove ${path}`, () => {
      const isEmpty = !Array.from([...this.#files.keys(), ...this.#directories.keys()]).some(
        (name) => name !== '' && parentOf(name) === path,
      );
      isDone = isEmpty && this.#directories.delete(path);
    });
    return isDone;
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#falter(`make directory ${path}`, () => {
      for (let part = path; part !== ''; part = parentOf(part)) {
        if (!this.#directories.has(part)) this.#directories.set(part, false);
      }
    });
  }

  async list(path: string): Promise<readonly Entry[]> {
    await this.#falter(`list ${path}`);
    const names = (from: Iterable<string>, kind: Entry['kind']): Entry[] =>
      Array.from(from)
        .filter((name) => name !== '' && parentOf(name) === path)
        .map((name) => ({ name: name.slice(path === '' ? 0 : path.length + 1), kind }));
    return [...names(this.#files.keys(), 'file'), ...names(this.#directories.keys(), 'directory')];
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#falter(`sync ${path}`, () => {
      for (const name of this.#directories.keys()) if (parentOf(name) === path) this.#directories.set(name, true);
      for (const change of this.#changes) change.unsynced.delete(path);
      for (const change of this.#changes.filter(({ unsynced }) => unsynced.size === 0)) {
        apply(this.#syncedNames, change);
        this.#changes.splice(this.#changes.indexOf(change), 1);
      }
    });
  }

  async setTimes(path: string, accessedMs: number, modifiedMs: number): Promise<boolean> {
    await this.#falter(`set times of ${path}`);
    const inode = this.#files.get(path);
    if (inode !== undefined) Object.assign(inode, { accessedMs, modifiedMs });
    return inode !== undefined;
  }

  async space(): Promise<DiskSpace> {
    await this.#falter('look at the space');
    const { capacityBytes } = this.#faults;
    const totalBytes = Math.min(capacityBytes, 2 ** 50);
    return { totalBytes, freeBytes: Math.max(0, totalBytes - this.#usedBytes()), freeFiles: undefined };
  }

  #handle(inode: Inode): DiskFile {
    this.openFiles++;
    let isOpen = true;
    const closeNow = (): void => {
      if (!isOpen) throw new Error('closed twice');
      isOpen = false;
      this.openFiles--;
    };
    const read = (into: Uint8Array, position: number): number => {
      const { start, end } = inode.spoilt ?? { start: 0, end: 0 };
      if (position < end && position + into.byteLength > start) throw unreadable();
      const bytes = inode.bytes.subarray(position, position + into.byteLength);
      into.set(bytes);
      return bytes.byteLength;
    };
    return {
      read: async (into, position) => {
        await this.#falter('read');
        return read(into, position);
      },
      readNow: (into, position) => {
        if (this.isDead) throw gone();
        return read(into, position);
      },
      write: async (chunks, position) => {
        const added = Buffer.concat(chunks);
        const put = (bytes: Uint8Array): void => {
          this.#reserve(position + bytes.byteLength - inode.bytes.byteLength);
          const written = new Uint8Array(Math.max(inode.bytes.byteLength, position + bytes.byteLength));
          written.set(inode.bytes);
          written.set(bytes, position);
          inode.bytes = written;
          inode.modifiedMs = this.#clock.now();
        };
        const torn = (): void => put(added.subarray(0, this.#random.between(0, added.byteLength)));
        await this.#falter('write', () => put(added), { torn });
      },
      sync: () =>
        this.#falter('sync', () => {
          inode.synced = inode.bytes;
        }),
      truncate: (sizeBytes) =>
        this.#falter('cut', () => {
          inode.bytes = inode.bytes.slice(0, sizeBytes);
        }),
      stat: async () => {
        await this.#falter('stat');
        return statOf(inode);
      },
      close: async () => closeNow(),
      closeNow,
    };
  }

  #change(from: string | undefined, to: string | undefined, inode: Inode): void {
    const unsynced = new Set([from, to].filter((path) => path !== undefined).map(parentOf));
    const change = { from, to, inode, unsynced };
    apply(this.#files, change);
    this.#changes.push(change);
  }

  #hasParents(path: string): boolean {
    for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent)) {
      if (!this.#directories.has(parent)) return false;
    }
    return true;
  }

  #usedBytes(): number {
    let used = 0;
    for (const { bytes } of this.#files.values()) used += bytes.byteLength;
    return used;
  }

  #reserve(bytes: number): void {
    if (this.#usedBytes() + bytes > this.#faults.capacityBytes)
      throw new Failure('resource_exhausted', 'write: ENOSPC');
  }

  /** One operation: it takes its time, and then it happens; or it fails; or the machine stops, and it may have happened. */
  async #falter(
    doing: string,
    happen: () => void = () => {},
    { torn = happen, neverFails = false }: { torn?: () => void; neverFails?: boolean } = {},
  ): Promise<void> {
    if (this.isDead) throw gone();
    await sleep(ctx, this.#clock, this.#random.between(0, this.#faults.slowestMs));
    if (this.isDead) throw gone();
    this.#operations++;
    if (this.isDead) {
      if (this.#random.chance(0.5)) torn();
      throw gone();
    }
    if (!neverFails && this.#random.chance(this.#faults.fails))
      throw new Failure(this.#faults.failure, `${doing}: simulated`);
    happen();
  }
}

function apply(names: Map<string, Inode>, { from, to, inode }: NameChange): void {
  if (from !== undefined && names.get(from) === inode) names.delete(from);
  if (to !== undefined) names.set(to, inode);
}

function gone(): Failure {
  return new Failure('unavailable', 'the machine has stopped');
}

function unreadable(): Failure {
  const cause = Object.assign(new Error('EIO'), { code: 'EIO' });
  return new Failure('internal', 'read: EIO', { cause });
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function statOf({ bytes, modifiedMs, accessedMs, number }: Inode): FileStat {
  const allocatedBytes = Math.ceil(bytes.byteLength / blockBytes) * blockBytes;
  return { kind: 'file', sizeBytes: bytes.byteLength, allocatedBytes, modifiedMs, accessedMs, inode: number };
}
