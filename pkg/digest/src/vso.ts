import { createHash, type Hash } from 'node:crypto';
import type { Hasher } from './hasher.ts';

const pageBytes = 64 * 1024;
const pagesPerBlock = 32;

/** Which algorithm made it: the last byte of each VSO hash. */
const algorithmHex = '00';

/**
 * VSO, BuildXL's paged hash: SHA-256 of pages of 64 KiB, of the page hashes of each block of 2 MiB, and of the block hashes
 * one after the other. Nothing of the blob is kept.
 */
export class Vso implements Hasher {
  #blobId: Uint8Array = Buffer.from('VSO Content Identifier Seed');
  #block = createHash('sha256');
  #pages = 0;
  #page: Hash | undefined;
  #pageLength = 0;

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength; ) {
      if (this.#pages === pagesPerBlock) this.#endBlock(false);
      const piece = bytes.subarray(at, at + pageBytes - this.#pageLength);
      this.#page ??= createHash('sha256');
      this.#page.update(piece);
      this.#pageLength += piece.byteLength;
      at += piece.byteLength;
      if (this.#pageLength === pageBytes) this.#endPage();
    }
  }

  hex(): string {
    this.#endPage();
    this.#endBlock(true);
    return Buffer.from(this.#blobId).toString('hex') + algorithmHex;
  }

  #endPage(): void {
    if (this.#page === undefined) return;
    this.#block.update(this.#page.digest());
    this.#pages++;
    this.#page = undefined;
    this.#pageLength = 0;
  }

  #endBlock(isLast: boolean): void {
    const next = createHash('sha256').update(this.#blobId).update(this.#block.digest());
    this.#blobId = next.update(Buffer.of(isLast ? 1 : 0)).digest();
    this.#block = createHash('sha256');
    this.#pages = 0;
  }
}
