import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  createBrotliCompress,
  createBrotliDecompress,
} from 'node:zlib';
import { type Format, uncut } from './format.ts';
import { usedUp } from './used-up.ts';

/** As fast as it goes without giving up matches; a window like zstd's, so that a context takes no more. */
const params = { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_LGWIN]: 19 };

/** Brotli (RFC 7932). */
export const brotli: Format = {
  name: 'brotli',
  compress: (bytes) => brotliCompressSync(bytes, { params }),
  compressor: (_, chunkSize) => createBrotliCompress({ params, chunkSize }),
  compressorBytes: 2 * 2 ** 20,
  canBeJoined: false,
  decompress: (bytes, bounds) => usedUp(bytes, brotliDecompressSync(bytes, { ...bounds, info: true })),
  decompressor: (chunkSize) => createBrotliDecompress({ chunkSize }),
  decompressorBytes: 0.5 * 2 ** 20,
  cut: uncut(2 ** 24), // The largest there is; Node refuses the extension for larger ones.
};
