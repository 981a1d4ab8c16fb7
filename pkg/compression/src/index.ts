export type { Chunks, Codec, CodecName, Expected } from './codec.ts';
export { type Codecs, codecs } from './codecs.ts';
export { ContextMemory } from './context-memory.ts';
