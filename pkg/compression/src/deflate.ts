import { createDeflateRaw, createInflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Format, uncut } from './format.ts';
import { usedUp } from './used-up.ts';

const level = 1;

/** Raw deflate (RFC 1951), with neither zlib's nor gzip's header: what REAPI calls DEFLATE. */
export const deflate: Format = {
  name: 'deflate',
  compress: (bytes) => deflateRawSync(bytes, { level }),
  compressor: (_, chunkSize) => createDeflateRaw({ level, chunkSize }),
  compressorBytes: 0.5 * 2 ** 20,
  canBeJoined: false,
  decompress: (bytes, bounds) => usedUp(bytes, inflateRawSync(bytes, { ...bounds, info: true })),
  decompressor: (chunkSize) => createInflateRaw({ chunkSize }),
  decompressorBytes: 0.25 * 2 ** 20,
  cut: uncut(32 * 1024),
};
