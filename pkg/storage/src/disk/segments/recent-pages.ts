/** What is remembered at a time: bytes that were written or read, in one place. */
const blockBits = 16;
/** How many blocks are remembered: 1 GiB of them. */
const slots = 16_384;
const blocksPerSegmentBits = 16;

/**
 * Guesses which bytes of segments the operating system still has in memory: those written or read not long ago. Reading
 * such bytes at once costs half of what waiting for them does; a wrong guess costs one wait for the disk.
 */
export class RecentPages {
  readonly #tags = new Uint32Array(slots);

  /** These bytes are being written or read. Were they all, not long ago? */
  touch(segment: number, offset: number, bytes: number): boolean {
    const first = offset >>> blockBits;
    const last = (offset + Math.max(0, bytes - 1)) >>> blockBits;
    let isRecent = true;
    for (let block = first; block <= last; block++) {
      const tag = ((segment << blocksPerSegmentBits) | block) + 1;
      const slot = Math.imul(tag, 0x9e3779b1) >>> 18;
      if (this.#tags[slot] !== tag >>> 0) {
        this.#tags[slot] = tag;
        isRecent = false;
      }
    }
    return isRecent;
  }
}
