export type { Chunker, Cutter } from './chunker.ts';
export { chunksOf } from './chunks-of.ts';
export { type FastCdcSizes, fastCdc2020, fastCdcSizes } from './fast-cdc.ts';
export { type RepMaxCdcParams, repMaxCdc } from './rep-max-cdc.ts';
