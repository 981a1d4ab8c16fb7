import { type CodecName, codecNames } from '@gorego/compression';
import { Compressor_Value } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';

/** Compressor.Value of each codec. */
const numbers: Readonly<Record<CodecName, Compressor_Value>> = {
  zstd: Compressor_Value.ZSTD,
  deflate: Compressor_Value.DEFLATE,
  brotli: Compressor_Value.BROTLI,
};

/** Every compressor there is: for streams and for batches. */
export const compressorNumbers: readonly Compressor_Value[] = codecNames.map((name) => numbers[name]);

export function compressorNumber(name: CodecName): Compressor_Value {
  return numbers[name];
}

/** The codec a request names by its enum number; undefined for one that nobody here knows, and for IDENTITY. */
export function compressorName(number: number): CodecName | undefined {
  return codecNames.find((name) => numbers[name] === number);
}
