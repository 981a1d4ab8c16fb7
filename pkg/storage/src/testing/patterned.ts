import { Failure } from '@gorego/errors';
import { BlobReader } from '../blob-reader.ts';

/** Bytes that are different at every offset a test is likely to confuse; `salt` makes them another blob. */
export function patterned(sizeBytes: number, salt = 0): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 31 + (i >> 8) + salt) & 0xff);
}

/**
 * A blob as the network delivers it: in several pieces of uneven size, once. It breaks off before its `breaksAt`th
 * piece, if told to.
 */
export function inPieces(
  bytes: Uint8Array,
  { breaksAt, onRelease }: { breaksAt?: number | undefined; onRelease?: () => void } = {},
): BlobReader {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let offset = 0, piece = 0; offset < bytes.byteLength; piece++) {
      if (piece === breaksAt) throw new Failure('unavailable', 'the sender hung up');
      const size = 1 + ((piece * 977) % 4096);
      yield bytes.subarray(offset, offset + size);
      offset += size;
    }
  };
  return new BlobReader({ sizeBytes: bytes.byteLength, release: onRelease, chunks: pieces() });
}
