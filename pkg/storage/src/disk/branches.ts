import { blockBytes } from './blocks.ts';

/** A hash's first byte chooses the branch. */
const branchCount = 256;
/** Of names of 64 to 80 characters, in a block of a directory that grew as ext4's do. */
const namesInBlock = 40;

/** Counts the files in each of the directories `cas/ab`, and so what directories take on the disk, roughly. */
export class Branches {
  readonly #files = new Uint32Array(branchCount);
  #diskBytes = 0;

  get diskBytes(): number {
    return this.#diskBytes;
  }

  /** `word` is the first 32 bits of the hash. */
  add(word: number): void {
    this.#change(word >>> 24, 1);
  }

  remove(word: number): void {
    this.#change(word >>> 24, -1);
  }

  #change(branch: number, by: number): void {
    const before = this.#files[branch] as number;
    this.#files[branch] = before + by;
    this.#diskBytes += directoryBytes(before + by) - directoryBytes(before);
  }
}

function directoryBytes(names: number): number {
  return Math.ceil(names / namesInBlock) * blockBytes;
}
