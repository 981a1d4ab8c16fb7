import { brotli } from './brotli.ts';
import type { Codec, CodecName } from './codec.ts';
import { type CodecsMemory, ContextMemory } from './context-memory.ts';
import { deflate } from './deflate.ts';
import { StreamCodec } from './stream-codec.ts';
import { zstd } from './zstd.ts';

/** What all streams of a process may keep together between their chunks. */
const compressingBytesMax = 128 * 2 ** 20;
const decompressingBytesMax = 256 * 2 ** 20;

/** The codecs, by name. They share their memory. */
export type Codecs = Readonly<Record<CodecName, Codec>>;

export function codecs({
  compressing = new ContextMemory(compressingBytesMax),
  decompressing = new ContextMemory(decompressingBytesMax),
}: Partial<CodecsMemory> = {}): Codecs {
  const memory = { compressing, decompressing };
  return {
    zstd: new StreamCodec(zstd, memory),
    deflate: new StreamCodec(deflate, memory),
    brotli: new StreamCodec(brotli, memory),
  };
}
