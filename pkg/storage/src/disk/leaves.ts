import { blockBytes } from './blocks.ts';

/** Counts the files in each of the directories `cas/ab/cd`, and so what directories take on the disk. */
export class Leaves {
  readonly #filesIn = new Map<number, number>();
  readonly #leavesIn = new Map<number, number>();

  get diskBytes(): number {
    return (this.#filesIn.size + this.#leavesIn.size) * blockBytes;
  }

  /** `word` is the first 32 bits of the hash. */
  add(word: number): void {
    if (increased(this.#filesIn, word >>> 16) === 1) increased(this.#leavesIn, word >>> 24);
  }

  remove(word: number): void {
    if (decreased(this.#filesIn, word >>> 16) === 0) decreased(this.#leavesIn, word >>> 24);
  }
}

function increased(counts: Map<number, number>, at: number): number {
  const count = (counts.get(at) ?? 0) + 1;
  counts.set(at, count);
  return count;
}

function decreased(counts: Map<number, number>, at: number): number {
  const count = (counts.get(at) ?? 0) - 1;
  if (count > 0) counts.set(at, count);
  else counts.delete(at);
  return count;
}
