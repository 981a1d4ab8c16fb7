/** A way to cut blobs where their content says so. */
export interface Chunker {
  /** From the start of a chunk on, the bytes it takes to say where the chunk ends. */
  readonly windowBytes: number;
  /** Begins one blob. */
  begin(): Cutter;
}

/** Cuts one blob, chunk after chunk. */
export interface Cutter {
  /**
   * How many bytes the next chunk has. `bytes` begins where it begins, and holds the window or, towards the end of the
   * blob, all that is left of it; at least one byte.
   */
  next(bytes: Uint8Array): number;
}
