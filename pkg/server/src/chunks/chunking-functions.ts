import { type Chunker, fastCdc2020, fastCdcSizes, repMaxCdc } from '@gorego/chunking';
import { Failure } from '@gorego/errors';
import {
  type CacheCapabilities,
  ChunkingFunction_Value as Fn,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';

/** As REAPI recommends them: chunks that clients with another cache before or behind them have too. */
const fastCdc = { avgChunkSizeBytes: 512 * 1024, seed: 0 };
const repMax = { minChunkSizeBytes: 256 * 1024, horizonSizeBytes: 8 * 256 * 1024 };

/** What capabilities say of chunking where there is any. */
export const announcedChunking: Partial<CacheCapabilities> = {
  splitBlobSupport: true,
  spliceBlobSupport: true,
  fastCdc2020Params: fastCdc,
  repMaxCdcParams: repMax,
};

/** A way to cut that is on offer. */
export interface ChunkingFunction {
  /** REAPI's enum number (`ChunkingFunction.Value`). */
  readonly number: number;
  readonly chunker: Chunker;
  /** Blobs smaller than this are left whole. Bytes. */
  readonly dividedBytesMin: number;
}

const sizes = fastCdcSizes(fastCdc.avgChunkSizeBytes);
const offered: readonly ChunkingFunction[] = [
  { number: Fn.FAST_CDC_2020, chunker: fastCdc2020(sizes, fastCdc.seed), dividedBytesMin: sizes.max },
  {
    number: Fn.REP_MAX_CDC,
    chunker: repMaxCdc({ min: repMax.minChunkSizeBytes, horizon: repMax.horizonSizeBytes }),
    dividedBytesMin: 2 * repMax.minChunkSizeBytes,
  },
];

/** What is taken when a client leaves it to the server, which is what Bazel cuts with. */
const [preferred] = offered as [ChunkingFunction];

/** What a client prefers by its enum number; `invalid_argument` for one that has no meaning. */
export function chunkingFunction(number: number): ChunkingFunction {
  if (number === Fn.UNKNOWN) return preferred;
  const found = offered.find((one) => one.number === number);
  if (found === undefined) throw new Failure('invalid_argument', `there is no chunking function ${number}`);
  return found;
}
