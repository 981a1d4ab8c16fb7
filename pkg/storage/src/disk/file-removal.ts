import { fileDiskBytes } from './blocks.ts';
import { DiskPath } from './disk-path.ts';
import { areTooManyEmpty, removeEmpty } from './empty-directories.ts';
import type { Entry } from './index/entry-index.ts';
import { Key } from './index/key.ts';
import { Leaves } from './leaves.ts';
import type { StoreParts } from './store-parts.ts';

/** How many files are removed at once: readers use the same few threads. */
const removedAtOnce = 2;

interface Leaving {
  readonly key: Key;
  readonly entry: Entry;
  /** On the disk. */
  readonly bytes: number;
}

/** Removes what the index knows, files included. */
export class FileRemoval {
  readonly #parts: StoreParts;
  #leavingBytes = 0;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /** What files take that are forgotten, and not yet gone. */
  get leavingBytes(): number {
    return this.#leavingBytes;
  }

  /**
   * Forgets these keys, all of one branch, and removes the files. The index forgets first: a crash in between leaves files
   * that nobody knows, never names without files. A file that can't be removed is known again, as if it had been used; the
   * first failure is thrown. Directories that have become empty go when there are too many of them.
   */
  async remove(branch: number, keys: readonly Key[]): Promise<void> {
    const { contents } = this.#parts;
    const files = this.#forgotten(keys);
    if (files.length === 0) return;
    await contents.writtenDown();
    const queue = Map.groupBy(files, ({ key }) => Leaves.of(key.a)).entries();
    let failure: unknown;
    const worker = async (): Promise<void> => {
      for (const [leaf, leaving] of queue) {
        const failed = await this.#unlink(DiskPath.leaf(leaf), leaving);
        failure ??= failed;
      }
    };
    await Promise.all(Array.from({ length: Math.min(removedAtOnce, files.length) }, worker));
    if (failure !== undefined) throw failure;
    if (areTooManyEmpty(this.#parts)) await removeEmpty(this.#parts, branch);
  }

  /** Those that have files of their own. */
  #forgotten(keys: readonly Key[]): readonly Leaving[] {
    const files: Leaving[] = [];
    for (const key of keys) {
      const entry = this.#parts.contents.forget(key);
      if (entry?.segment !== 0) continue;
      const bytes = fileDiskBytes(entry.packedBytes ?? entry.sizeBytes);
      this.#leavingBytes += bytes;
      files.push({ key, entry, bytes });
    }
    return files;
  }

  /** Removes files of one directory, which is listed once. Returns the first failure, if there was one. */
  async #unlink(directory: string, files: readonly Leaving[]): Promise<unknown> {
    const { contents, disk, locks } = this.#parts;
    let names: Promise<ReadonlyMap<string, readonly string[]>> | undefined;
    let failure: unknown;
    for (const { key, entry, bytes } of files) {
      const unlink = async (): Promise<void> => {
        names ??= this.#namesOf(directory, files);
        const found = (await names).get(Key.text(key)) ?? [];
        if (contents.index.get(key) !== undefined) return; // It came back meanwhile.
        for (const name of found) await disk.remove(`${directory}/${name}`);
      };
      try {
        await locks.run(key, unlink);
      } catch (reason) {
        // It is still there, and had better not be the first to go the next time.
        if (contents.index.get(key) === undefined) contents.set(key, { ...entry, used: contents.now });
        failure ??= reason;
      } finally {
        this.#leavingBytes -= bytes;
      }
    }
    return failure;
  }

  /** The index knows half of each hash: the directory knows the rest. By the keys' texts. */
  async #namesOf(directory: string, files: readonly Leaving[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const names = new Map<string, string[]>(files.map(({ key }) => [Key.text(key), []]));
    for (const { name } of await this.#parts.disk.list(directory)) {
      const found = DiskPath.blobIn(name, 1);
      if (found !== undefined) names.get(Key.text(Key.ofBlob(found.digest)))?.push(name);
    }
    return names;
  }
}
