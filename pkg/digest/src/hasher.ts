/** Hashes bytes as they come. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** The hash of all that was given, in lower-case hex. Ends the hasher. */
  hex(): string;
}
