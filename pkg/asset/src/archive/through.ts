import { pipeline, Readable, type Transform } from 'node:stream';
import { OriginFailure } from '../origin/origin-failure.ts';
import { badArchive } from './archive-entry.ts';

/** What a decompressor makes of the chunks, as it is asked for. What it can't read is the archive's fault. */
export async function* through(chunks: AsyncIterable<Uint8Array>, transform: Transform): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks, { objectMode: true, highWaterMark: 1 });
  // Failures come out of the transform, where they are waited for.
  pipeline(source, transform, () => {});
  try {
    yield* transform as AsyncIterable<Uint8Array>;
  } catch (reason) {
    const { code = '', message = '' } = reason as NodeJS.ErrnoException;
    if (reason instanceof OriginFailure || !/^(Z_|ERR_ZLIB|ERR_BUFFER)/.test(code)) throw reason;
    throw badArchive(`can't be decompressed: ${message}`, reason);
  }
}
