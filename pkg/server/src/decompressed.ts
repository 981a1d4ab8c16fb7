import { atOnceBytesMax, type Codec, type Expected } from '@gorego/compression';
import { BlobReader } from '@gorego/storage';

/**
 * The blob of `sizeBytes` that `bytes` hold, compressed. A small one is then in memory. `invalid_argument`, now or when
 * it is read, if they hold anything else.
 */
export function decompressedBytes(bytes: Uint8Array, sizeBytes: number, codec: Codec): BlobReader {
  if (sizeBytes <= atOnceBytesMax) return BlobReader.ofBytes(codec.decompressBytes(bytes, exactly(sizeBytes)));
  return new BlobReader({ sizeBytes, chunks: codec.decompress([bytes], exactly(sizeBytes)) });
}

export function exactly(sizeBytes: number): Expected {
  return { bytesMax: sizeBytes, bytesMin: sizeBytes };
}
