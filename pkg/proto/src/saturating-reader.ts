import { BinaryReader } from '@bufbuild/protobuf/wire';

const largest = BigInt(Number.MAX_SAFE_INTEGER);
const smallest = BigInt(Number.MIN_SAFE_INTEGER);

/**
 * Reads an int64 that is beyond what a number holds exactly as the largest, or smallest, that it does. For limits: a
 * server that has none may announce 2^63 - 1. Without it decoding such a message fails.
 */
export class SaturatingReader extends BinaryReader {
  override int64(): bigint {
    const value = BigInt(super.int64());
    if (value > largest) return largest;
    return value < smallest ? smallest : value;
  }
}
