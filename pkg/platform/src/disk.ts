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
  /** Makes a new, empty file for writing and reading; `already_exists` if there is one. Parents must exist. */
  create(path: string): Promise<DiskFile>;
  /** What is at `path`, links not followed. */
  stat(path: string): Promise<FileStat | undefined>;
  /** Atomic; replaces what was at `to`. Durable once `syncDirectory` of both parents has resolved. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; false if there was none. */
  remove(path: string): Promise<boolean>;
  /** Makes a directory and its parents, where they are missing. */
  makeDirectory(path: string): Promise<void>;
  /** The names in a directory, in no order; empty if there is no such directory. */
  list(path: string): Promise<readonly Entry[]>;
  /** Makes names given or taken in this directory survive a loss of power. */
  syncDirectory(path: string): Promise<void>;
}

/** An open file. Its owner closes it, once. */
export interface DiskFile {
  /** Reads into `into` from `position`; fewer bytes than asked for only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all of `chunks`, one after the other, from `position`. */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>;
  /** Makes the bytes written so far survive a loss of power (fdatasync). */
  sync(): Promise<void>;
  stat(): Promise<FileStat>;
  close(): Promise<void>;
}

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other';
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Which file this is on its file system, whatever it is called. */
  readonly inode: number;
}

export interface Entry {
  readonly name: string;
  readonly kind: FileStat['kind'];
}
