import type { Transform } from 'node:stream';
import type { Zlib } from 'node:zlib';
import type { CodecName } from './codec.ts';

/** One of Node's streams that compress or decompress, on the thread pool. */
export type ZlibStream = Transform & Zlib;

/** What Node's decompressors are told when they are to do all of it at once. */
export interface OutputBounds {
  readonly maxOutputLength: number;
  readonly chunkSize: number;
}

/** Says why a stream is refused. */
export type Refuse = (why: string) => never;

/** What one format is made of: Node's functions for it, and what they take. */
export interface Format {
  readonly name: CodecName;
  readonly compress: (bytes: Uint8Array) => Uint8Array;
  readonly compressor: (sizeBytes: number, chunkSize: number) => ZlibStream;
  /** What a compressor keeps between two chunks, bytes. */
  readonly compressorBytes: number;
  /** Whether compressed pieces, one after another, are a compressed stream. */
  readonly canBeJoined: boolean;
  /** Takes one of the cut pieces, and all of it. */
  readonly decompress: (piece: Uint8Array, bounds: OutputBounds) => Uint8Array;
  readonly decompressor: (chunkSize: number) => ZlibStream;
  /** What a decompressor keeps between two chunks, beside its window, bytes. */
  readonly decompressorBytes: number;
  readonly cut: (refuse: Refuse) => Cut;
}

/** Cuts one compressed stream where a decompressor must be told that something new begins. */
export interface Cut {
  /** How far back the stream refers, as far as is known: what a decompressor must remember. */
  readonly windowBytes: number;
  pieces(chunk: Uint8Array): Iterable<Uint8Array>;
  /** Refuses a stream that may not end here. */
  end(): void;
}

/** For formats of which a stream is one thing, with a window of at most so many bytes. */
export function uncut(windowBytes: number): () => Cut {
  return () => ({ windowBytes, pieces: (chunk) => (chunk.byteLength > 0 ? [chunk] : []), end: () => {} });
}
