import { brotli } from './brotli.ts';
import type { Codec, CodecName } from './codec.ts';
import { ContextMemory } from './context-memory.ts';
import { deflate } from './deflate.ts';
import { StreamCodec } from './stream-codec.ts';
import { zstd } from './zstd.ts';

/** What all streams of a process may keep together between their chunks, unless told otherwise. */
const contextBytesMax = 256 * 2 ** 20;

/** The codecs, by name, and the memory they share. */
export type Codecs = Readonly<Record<CodecName, Codec>>;

export function codecs(memory: ContextMemory = new ContextMemory(contextBytesMax)): Codecs {
  return {
    zstd: new StreamCodec(zstd, memory),
    deflate: new StreamCodec(deflate, memory),
    brotli: new StreamCodec(brotli, memory),
  };
}
