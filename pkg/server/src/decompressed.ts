import { atOnceBytesMax, type Codec } from '@gorego/compression';
import { BlobReader } from '@gorego/storage';

/**
 * The blob of `sizeBytes` that compressed `chunks` hold. It fails with `invalid_argument` if they hold anything else, as
 * soon as that shows.
 */
export function decompressed(chunks: AsyncIterable<Uint8Array>, sizeBytes: number, codec: Codec): BlobReader {
  return new BlobReader({ sizeBytes, chunks: codec.decompress(chunks, exactly(sizeBytes)) });
}

/** The same for what is in memory already; a small blob is then in memory too. */
export function decompressedBytes(bytes: Uint8Array, sizeBytes: number, codec: Codec): BlobReader {
  if (sizeBytes > atOnceBytesMax) {
    return new BlobReader({ sizeBytes, chunks: codec.decompress([bytes], exactly(sizeBytes)) });
  }
  return BlobReader.ofBytes(codec.decompressBytes(bytes, exactly(sizeBytes)));
}

function exactly(sizeBytes: number): { bytesMax: number; bytesMin: number } {
  return { bytesMax: sizeBytes, bytesMin: sizeBytes };
}
