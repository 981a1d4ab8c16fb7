export { type Chunks, type Codec, type CodecName, codecNames, type Expected, isCodecName } from './codec.ts';
export { type Codecs, codecs } from './codecs.ts';
export { type CodecsMemory, ContextMemory } from './context-memory.ts';
export { atOnceBytesMax } from './stream-codec.ts';
