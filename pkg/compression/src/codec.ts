import type { Code } from '@gorego/errors';

export const codecNames = ['zstd', 'deflate', 'brotli'] as const;

export type CodecName = (typeof codecNames)[number];

export function isCodecName(text: string): text is CodecName {
  return (codecNames as readonly string[]).includes(text);
}

export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** How much a compressed stream may hold. One that holds more is refused as soon as that shows. */
export interface Expected {
  readonly bytesMax: number;
  /** 0 unless given. */
  readonly bytesMin?: number;
  /** What a stream fails with that holds more or less, or is malformed: `invalid_argument` unless given. */
  readonly code?: Code;
}

/**
 * One way to compress.
 *
 * Streams are pulled: nothing is read ahead of who takes what comes out, in pieces of about 128 KiB. What `chunks` fail
 * with comes through as it is. `resource_exhausted` when more streams are under way than there is memory for.
 */
export interface Codec {
  readonly name: CodecName;

  /** For small blobs: at once, on the calling thread, about 4 ms a MiB. */
  compressBytes(bytes: Uint8Array): Uint8Array;

  /** The same the other way, about 1 ms a MiB. */
  decompressBytes(bytes: Uint8Array, expected: Expected): Uint8Array;

  /** `chunks`, which hold `sizeBytes` together, as one compressed stream. */
  compress(chunks: Chunks, sizeBytes: number): AsyncGenerator<Uint8Array>;

  /** What a compressed stream holds. No bytes at all hold nothing. */
  decompress(chunks: Chunks, expected: Expected): AsyncGenerator<Uint8Array>;
}
