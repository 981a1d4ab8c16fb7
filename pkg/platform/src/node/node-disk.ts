import * as fs from 'node:fs';
import { join } from 'node:path';
import { Failure } from '@gorego/errors';
import type { Disk, DiskFile, DiskSpace, Entry, FileStat } from '../disk.ts';

/** More buffers than this in one writev would be refused by Linux (IOV_MAX). */
const writevBuffersMax = 1024;

/** There is no such file; or not even such a directory, but a file in its place. */
const nothing = ['ENOENT', 'ENOTDIR'];

/**
 * A real directory. Calls go through Node's callback API: promises of `node:fs` cost nearly twice the CPU time of a
 * small operation.
 */
export class NodeDisk implements Disk {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async open(path: string): Promise<DiskFile | undefined> {
    const at = this.#at(path);
    const fd = await settled<number>(at, 'open', (done) => fs.open(at, 'r', done), ...nothing);
    return fd === undefined ? undefined : new NodeFile(at, fd);
  }

  openNow(path: string): DiskFile | undefined {
    const at = this.#at(path);
    try {
      return new NodeFile(at, fs.openSync(at, 'r'));
    } catch (reason) {
      const error = reason as NodeJS.ErrnoException;
      if (nothing.includes(error.code ?? '')) return undefined;
      throw failureOf(at, 'open', error);
    }
  }

  async create(path: string): Promise<DiskFile> {
    const at = this.#at(path);
    return new NodeFile(at, await call<number>(at, 'create', (done) => fs.open(at, 'wx+', done)));
  }

  async openToWrite(path: string): Promise<DiskFile | undefined> {
    const at = this.#at(path);
    const fd = await settled<number>(at, 'open', (done) => fs.open(at, 'r+', done), ...nothing);
    return fd === undefined ? undefined : new NodeFile(at, fd);
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const at = this.#at(path);
    const stats = await settled<fs.Stats>(at, 'stat', (done) => fs.lstat(at, done), ...nothing);
    return stats === undefined ? undefined : statOf(stats);
  }

  async rename(from: string, to: string): Promise<void> {
    const at = this.#at(from);
    await call<void>(at, `rename to ${to}`, (done) => fs.rename(at, this.#at(to), done));
  }

  async remove(path: string): Promise<boolean> {
    const at = this.#at(path);
    return (await settled<true>(at, 'remove', (done) => fs.unlink(at, (e) => done(e, true)), ...nothing)) === true;
  }

  async removeDirectory(path: string): Promise<boolean> {
    const at = this.#at(path);
    const isIn = [...nothing, 'ENOTEMPTY', 'EEXIST'];
    const done = await settled<true>(at, 'remove', (done) => fs.rmdir(at, (e) => done(e, true)), ...isIn);
    return done === true;
  }

  async makeDirectory(path: string): Promise<void> {
    const at = this.#at(path);
    await call<string | undefined>(at, 'make directory', (done) => fs.mkdir(at, { recursive: true }, done));
  }

  async list(path: string): Promise<readonly Entry[]> {
    const at = this.#at(path);
    const entries = await settled<fs.Dirent[]>(
      at,
      'list',
      (done) => fs.readdir(at, { withFileTypes: true }, done),
      'ENOENT',
    );
    return (entries ?? []).map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  }

  async syncDirectory(path: string): Promise<void> {
    const at = this.#at(path);
    const fd = await call<number>(at, 'open', (done) => fs.open(at, 'r', done));
    try {
      await call<void>(at, 'sync', (done) => fs.fsync(fd, done));
    } finally {
      await call<void>(at, 'close', (done) => fs.close(fd, done));
    }
  }

  async setTimes(path: string, accessedMs: number, modifiedMs: number): Promise<boolean> {
    const at = this.#at(path);
    const set = (done: Done<true>): void =>
      fs.utimes(at, accessedMs / 1000, modifiedMs / 1000, (error) => done(error, true));
    return (await settled<true>(at, 'set times of', set, 'ENOENT')) === true;
  }

  async space(): Promise<DiskSpace> {
    const stats = await call<fs.StatsFs>(this.path, 'look at the space of', (done) => fs.statfs(this.path, done));
    return {
      totalBytes: stats.blocks * stats.bsize,
      freeBytes: stats.bavail * stats.bsize,
      freeFiles: stats.files === 0 ? undefined : stats.ffree,
    };
  }

  #at(path: string): string {
    if (path.split('/').some((name) => name === '..') || path.includes('\0') || path.startsWith('/')) {
      throw new Failure('invalid_argument', `${JSON.stringify(path)} would leave ${this.path}`);
    }
    return join(this.path, path);
  }
}

class NodeFile implements DiskFile {
  readonly #at: string;
  readonly #fd: number;

  constructor(at: string, fd: number) {
    this.#at = at;
    this.#fd = fd;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < into.byteLength) {
      const count = await call<number>(this.#at, 'read', (done) =>
        fs.read(this.#fd, into, filled, into.byteLength - filled, position + filled, done),
      );
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  readNow(into: Uint8Array, position: number): number {
    try {
      let filled = 0;
      while (filled < into.byteLength) {
        const count = fs.readSync(this.#fd, into, filled, into.byteLength - filled, position + filled);
        if (count === 0) break;
        filled += count;
      }
      return filled;
    } catch (reason) {
      throw failureOf(this.#at, 'read', reason as NodeJS.ErrnoException);
    }
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    let rest = chunks.filter((chunk) => chunk.byteLength > 0);
    for (let at = position; rest.length > 0; ) {
      const written = await call<number>(this.#at, 'write', (done) =>
        fs.writev(this.#fd, rest.slice(0, writevBuffersMax), at, done),
      );
      at += written;
      rest = without(rest, written);
    }
  }

  async sync(): Promise<void> {
    await call<void>(this.#at, 'sync', (done) => fs.fdatasync(this.#fd, done));
  }

  async truncate(sizeBytes: number): Promise<void> {
    await call<void>(this.#at, 'cut', (done) => fs.ftruncate(this.#fd, sizeBytes, done));
  }

  /** At once: what an open file is, the kernel has in memory, and to wait for a thread would cost ten times as much. */
  async stat(): Promise<FileStat> {
    try {
      return statOf(fs.fstatSync(this.#fd));
    } catch (reason) {
      throw failureOf(this.#at, 'stat', reason as NodeJS.ErrnoException);
    }
  }

  async close(): Promise<void> {
    await call<void>(this.#at, 'close', (done) => fs.close(this.#fd, done));
  }

  closeNow(): void {
    try {
      fs.closeSync(this.#fd);
    } catch (reason) {
      throw failureOf(this.#at, 'close', reason as NodeJS.ErrnoException);
    }
  }
}

/** What is left of `chunks` after their first `count` bytes. */
function without(chunks: readonly Uint8Array[], count: number): Uint8Array[] {
  let skipped = count;
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (skipped >= chunk.byteLength) {
      skipped -= chunk.byteLength;
    } else {
      rest.push(skipped === 0 ? chunk : chunk.subarray(skipped));
      skipped = 0;
    }
  }
  return rest;
}

type Done<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

/** One file-system call as a promise, its error told as a Failure that names the file. */
function call<T>(at: string, doing: string, run: (done: Done<T>) => void): Promise<T> {
  return settled(at, doing, run) as Promise<T>;
}

/** The same, with undefined for the errnos that are an answer. */
function settled<T>(
  at: string,
  doing: string,
  run: (done: Done<T>) => void,
  ...absent: string[]
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    run((error, value) => {
      if (error === null || error === undefined) resolve(value);
      else if (error.code !== undefined && absent.includes(error.code)) resolve(undefined);
      else reject(failureOf(at, doing, error));
    });
  });
}

function failureOf(at: string, doing: string, error: NodeJS.ErrnoException): Failure {
  return new Failure(Failure.from(error).code, `${doing} ${at}: ${error.code}`, { cause: error });
}

function statOf(stats: fs.Stats): FileStat {
  return {
    kind: kindOf(stats),
    sizeBytes: stats.size,
    allocatedBytes: stats.blocks * 512,
    modifiedMs: stats.mtimeMs,
    accessedMs: stats.atimeMs,
    inode: stats.ino,
  };
}

function kindOf(of: { isFile(): boolean; isDirectory(): boolean }): FileStat['kind'] {
  if (of.isFile()) return 'file';
  return of.isDirectory() ? 'directory' : 'other';
}
