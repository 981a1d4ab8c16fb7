import { Failure } from '@gorego/errors';
import { batchBytesMax, entryOverheadBytes, messageBytesMax } from '../limits.ts';
import type { DigestMessage } from '../wire-digest.ts';

/** How many entries of one batch are read or stored at once: each may hold a file open. */
export const entriesAtOnceMax = 64;

export interface Batch {
  readonly digests: readonly (DigestMessage | undefined)[];
  /** Of the blobs, all together. */
  readonly dataBytes: number;
  /** How much of that is in the answer. */
  readonly answeredBytes: number;
}

/**
 * Refuses, before anything is done, a batch over the limit that Capabilities announce, and one whose answer would be
 * larger than clients accept. Says what room the answer has left for texts.
 */
export function checkedRoom({ digests, dataBytes, answeredBytes }: Batch): number {
  if (dataBytes > batchBytesMax) {
    throw new Failure(
      'invalid_argument',
      `a batch of ${dataBytes} bytes; max_batch_total_size_bytes is ${batchBytesMax}`,
    );
  }
  const room = messageBytesMax - answeredBytes - digests.reduce((sum, digest) => sum + entryBytes(digest), 0);
  if (room < 0) {
    throw new Failure(
      'invalid_argument',
      `the answer to ${digests.length} digests would be larger than a message may be (${messageBytesMax} bytes)`,
    );
  }
  return room;
}

/** What an entry of the answer takes beside data and text. It repeats the hash that was asked for, however long. */
function entryBytes(digest: DigestMessage | undefined): number {
  return entryOverheadBytes + Buffer.byteLength(digest?.hash ?? '');
}
