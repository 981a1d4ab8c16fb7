import { blockBytes } from './blocks.ts';

/** The first two bytes of a hash choose the leaf `cas/ab/cd`; the first alone, the branch it is in. */
const leafCount = 65_536;
export const leavesInBranch = 256;
/** Of names of 64 to 80 characters, in a block of a directory that grew as ext4's do. */
const namesInBlock = 40;
/**
 * What directories without files may take, of what files take. To keep one costs a block; to remove it, and to make it
 * again for the next file, as much as writing a third of a MiB.
 */
const keptShare = 1 / 64;

/**
 * Knows which of the directories `cas/ab/cd` are there and how many files each holds, and so what directories take on the
 * disk, roughly. One that has become empty is there until it is said to be gone.
 */
export class Leaves {
  /** 0 where there is no directory, 1 for an empty one, else one more than its files. */
  readonly #filesAndOne = new Uint32Array(leafCount);
  readonly #leavesIn = new Uint16Array(leafCount / leavesInBranch);
  #isDiskShort = false;
  #emptyCount = 0;
  #diskBytes = 0;

  /** Of all of them, with the branches. */
  get diskBytes(): number {
    return this.#diskBytes;
  }

  /** Are there more of those than are worth keeping, beside files of so many bytes? */
  areTooManyEmpty(fileBytes: number): boolean {
    return this.#emptyCount * blockBytes > (this.#isDiskShort ? 0 : fileBytes * keptShare);
  }

  /** The disk was full once, of bytes or of names: from now on none is worth keeping. */
  keepNone(): void {
    this.#isDiskShort = true;
  }

  /** The number of the leaf of a hash that begins with these 32 bits. */
  static of(word: number): number {
    return word >>> 16;
  }

  /** With files or without. */
  isThere(leaf: number): boolean {
    return this.#filesAndOne[leaf] !== 0;
  }

  isBranchThere(branch: number): boolean {
    return this.#leavesIn[branch] !== 0;
  }

  addFile(leaf: number): void {
    if (!this.isThere(leaf)) this.#made(leaf);
    this.#change(leaf, 1);
  }

  removeFile(leaf: number): void {
    this.#change(leaf, -1);
  }

  /** Is it there without files? */
  isEmpty(leaf: number): boolean {
    return this.#filesAndOne[leaf] === 1;
  }

  /** An empty one is there no longer. */
  gone(leaf: number): void {
    this.#filesAndOne[leaf] = 0;
    this.#emptyCount--;
    this.#diskBytes -= blockBytes + this.#countInBranch(leaf, -1);
  }

  #made(leaf: number): void {
    this.#filesAndOne[leaf] = 1;
    this.#emptyCount++;
    this.#diskBytes += blockBytes + this.#countInBranch(leaf, 1);
  }

  /** Returns what the branch takes, if it comes or goes with the leaf. */
  #countInBranch(leaf: number, by: 1 | -1): number {
    const branch = leaf >>> 8;
    const before = this.#leavesIn[branch] as number;
    this.#leavesIn[branch] = before + by;
    return before === 0 || before + by === 0 ? blockBytes : 0;
  }

  #change(leaf: number, by: 1 | -1): void {
    const before = (this.#filesAndOne[leaf] as number) - 1;
    const after = before + by;
    this.#filesAndOne[leaf] = after + 1;
    if (before === 0) this.#emptyCount--;
    if (after === 0) this.#emptyCount++;
    this.#diskBytes += directoryBytes(after) - directoryBytes(before);
  }
}

/** An empty directory has a block too. */
function directoryBytes(names: number): number {
  return Math.max(1, Math.ceil(names / namesInBlock)) * blockBytes;
}
