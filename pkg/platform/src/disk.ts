/**
 * A directory and everything below it: all of the disk a package may touch. Production gives `NodeDisk`; tests give a
 * SimulatedDisk, which forgets what was not synced when it crashes.
 *
 * Paths are relative and made of `/`-separated names; none may climb out (`invalid_argument`). Failures carry the code
 * of their errno and name the path; a file that isn't there is `undefined` where one asks, `not_found` where one must.
 */
export interface Disk {
  /** Where this is, for messages. */
  readonly path: string;

  /** Opens a file for reading. */
  open(path: string): Promise<DiskFile | undefined>;
  /** The same at once, in the way of everything else: for a file that is almost surely in memory. */
  openNow(path: string): DiskFile | undefined;
  /** Makes a new, empty file for writing and reading; `already_exists` if there is one. Parents must exist. */
  create(path: string): Promise<DiskFile>;
  /** Opens a file for writing and reading. */
  openToWrite(path: string): Promise<DiskFile | undefined>;
  /** What is at `path`, links not followed. */
  stat(path: string): Promise<FileStat | undefined>;
  /** Atomic; replaces what was at `to`. Durable once `syncDirectory` of both parents has resolved. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; false if there was none. */
  remove(path: string): Promise<boolean>;
  /** Removes a directory that is empty; false if it isn't, or isn't there. */
  removeDirectory(path: string): Promise<boolean>;
  /** Makes a directory and its parents, where they are missing. */
  makeDirectory(path: string): Promise<void>;
  /** The names in a directory, in no order; empty if there is no such directory. */
  list(path: string): Promise<readonly Entry[]>;
  /** Makes names given or taken in this directory survive a loss of power. */
  syncDirectory(path: string): Promise<void>;
  /** Says when a file was last used and changed. False if there is none. */
  setTimes(path: string, accessedMs: number, modifiedMs: number): Promise<boolean>;
  /** What the file system has, and has left. */
  space(): Promise<DiskSpace>;
}

export interface DiskSpace {
  readonly totalBytes: number;
  /** For those without privileges. */
  readonly freeBytes: number;
  /** How many more files there can be; undefined where the file system doesn't count. */
  readonly freeFiles: number | undefined;
}

/** An open file. Its owner closes it, once. */
export interface DiskFile {
  /** Reads into `into` from `position`; fewer bytes than asked for only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** The same at once, in the way of everything else: for bytes that are almost surely in memory. */
  readNow(into: Uint8Array, position: number): number;
  /** Writes all of `chunks`, one after the other, from `position`. */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>;
  /** Makes the bytes written so far survive a loss of power (fdatasync). */
  sync(): Promise<void>;
  /** Cuts the file to its first `sizeBytes`. */
  truncate(sizeBytes: number): Promise<void>;
  stat(): Promise<FileStat>;
  close(): Promise<void>;
  /** The same at once, for a file that `openNow` has opened. */
  closeNow(): void;
}

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other';
  readonly sizeBytes: number;
  /** What it takes on the disk, as `du` counts. */
  readonly allocatedBytes: number;
  readonly modifiedMs: number;
  readonly accessedMs: number;
  /** Which file this is on its file system, whatever it is called. */
  readonly inode: number;
}

export interface Entry {
  readonly name: string;
  readonly kind: FileStat['kind'];
}
