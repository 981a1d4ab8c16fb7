import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';

/** Which bytes of a blob: at most `limit` of them from `offset`, or all the rest. */
export interface ByteRange {
  readonly offset: number;
  readonly limit?: number;
}

export function isWhole(range: ByteRange | undefined): boolean {
  return range === undefined || (range.offset === 0 && range.limit === undefined);
}

/** The bytes a range names in this very blob, as half-open [start, end). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** `out_of_range` for an offset before the start or past the end; an offset at the end names no bytes. */
export function spanOf(digest: Digest, range: ByteRange = { offset: 0 }): Span {
  const sizeBytes = Digest.sizeBytes(digest);
  if (range.offset < 0 || range.offset > sizeBytes) {
    throw new Failure('out_of_range', `offset ${range.offset} of a ${sizeBytes}-byte blob`);
  }
  return { start: range.offset, end: Math.min(sizeBytes, range.offset + (range.limit ?? Number.POSITIVE_INFINITY)) };
}

/** Only the bytes in the span; stops reading once it has them. */
export async function* sliced(chunks: AsyncIterable<Uint8Array>, { start, end }: Span): AsyncGenerator<Uint8Array> {
  if (start === end) return;
  let position = 0;
  for await (const chunk of chunks) {
    const from = Math.max(start - position, 0);
    const to = Math.min(end - position, chunk.byteLength);
    position += chunk.byteLength;
    if (from < to) yield chunk.subarray(from, to);
    if (position >= end) return;
  }
}
