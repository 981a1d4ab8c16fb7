import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Digest } from '@gorego/digest';
import type { RecordHeader } from './segments/segment-record.ts';

/** How bodies are written down: as they are, or as one zstd frame. */
export const Encoding = { asIs: 0, zstd: 1 } as const;

/** Less than this is never worth it; nor is it to save less than a tenth. */
const packedBytesMin = 256;
const worthwhile = 0.9;

/** The fastest of what zstd calls its levels: it runs where everything else does. */
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** The bytes as one zstd frame; undefined if that saves little. */
export function packed(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.byteLength < packedBytesMin) return undefined;
  const frame = zstdCompressSync(bytes, options);
  return frame.byteLength < bytes.byteLength * worthwhile ? frame : undefined;
}

/** What was packed; undefined if it isn't so many bytes in a zstd frame. */
export function unpacked(frame: Uint8Array, sizeBytes: number): Uint8Array | undefined {
  try {
    const bytes = zstdDecompressSync(frame, { maxOutputLength: Math.max(1, sizeBytes) });
    return bytes.byteLength === sizeBytes ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** The blob in a record's body; undefined if it is none of that size. */
export function blobIn({ digest, encoding, bodyBytes }: RecordHeader, body: Uint8Array): Uint8Array | undefined {
  const sizeBytes = Digest.sizeBytes(digest);
  if (encoding === Encoding.zstd) return unpacked(body, sizeBytes);
  return encoding === Encoding.asIs && bodyBytes === sizeBytes ? body : undefined;
}

/** Is a record's body what its header says? */
export function isRight(header: RecordHeader, body: Uint8Array): boolean {
  if (header.kind === 'action') return crc32(body) === header.check;
  const blob = blobIn(header, body);
  return blob !== undefined && Digest.isOf(header.digest, blob);
}
