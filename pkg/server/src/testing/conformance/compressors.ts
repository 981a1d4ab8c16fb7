import { randomBytes, randomUUID } from 'node:crypto';
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  inflateRawSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import type { DigestMessage } from '../../wire-digest.ts';
import { type Blob, blobOf } from './blobs.ts';

/** A client's own compressor, at its own settings. */
export interface Compressor {
  readonly name: 'zstd' | 'deflate' | 'brotli';
  /** Compressor.Value. */
  readonly number: number;
  compress(bytes: Uint8Array): Buffer;
  /** All of a stream. */
  decompress(bytes: Uint8Array): Buffer;
}

export const compressors: readonly Compressor[] = [
  {
    name: 'zstd',
    number: 1,
    compress: (bytes) => zstdCompressSync(bytes),
    decompress: zstdFrames,
  },
  {
    name: 'deflate',
    number: 2,
    compress: (bytes) => deflateRawSync(bytes),
    decompress: (bytes) => inflateRawSync(bytes),
  },
  {
    name: 'brotli',
    number: 3,
    compress: (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
    decompress: (bytes) => brotliDecompressSync(bytes),
  },
];

/** What all the frames hold: Node's decoder ends with the first, and says where that was. */
function zstdFrames(bytes: Uint8Array): Buffer {
  const contents: Buffer[] = [];
  let at = 0;
  do {
    const frame = zstdDecompressSync(bytes.subarray(at), { info: true }) as unknown as Unpacked;
    contents.push(frame.buffer);
    at += frame.engine.bytesWritten;
  } while (at < bytes.byteLength);
  return Buffer.concat(contents);
}

interface Unpacked {
  readonly buffer: Buffer;
  /** How much of the input it took. */
  readonly engine: { readonly bytesWritten: number };
}

export function compressedReadName({ hash, sizeBytes }: DigestMessage, compressor: string): string {
  return `compressed-blobs/${compressor}/${hash}/${sizeBytes}`;
}

export function compressedWriteName(digest: DigestMessage, compressor: string): string {
  return `uploads/${randomUUID()}/${compressedReadName(digest, compressor)}`;
}

/** A blob that compresses to a little more than half. */
export function textBlob(sizeBytes: number): Blob {
  const text = randomBytes(Math.ceil(sizeBytes / 2)).toString('hex');
  return blobOf(Buffer.from(text.slice(0, sizeBytes)));
}

/** Bytes as the requests of one Write; their offsets begin at `writeOffset`. */
export function* requestsOf(
  resourceName: string,
  bytes: Buffer,
  { pieceBytes = 16 * 1024, writeOffset = 0 }: { pieceBytes?: number; writeOffset?: number } = {},
): Generator<{ resourceName: string; writeOffset: number; data: Buffer; finishWrite: boolean }> {
  for (let at = 0; at === 0 || at < bytes.byteLength; at += pieceBytes) {
    const data = bytes.subarray(at, at + pieceBytes);
    const finishWrite = at + data.byteLength === bytes.byteLength;
    yield { resourceName: at === 0 ? resourceName : '', writeOffset: writeOffset + at, data, finishWrite };
  }
}
