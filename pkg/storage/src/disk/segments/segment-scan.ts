import { unlessDamaged } from '../damage.ts';
import type { Segment } from './segment.ts';
import { type Found, SegmentRecord } from './segment-record.ts';

/** What is read at a time: longer than any header. */
const windowBytes = 256 * 1024;

/**
 * The records of a segment from `from` on, which is where one begins or anywhere else. What is damaged is passed over, and
 * what can't be read with all that is read together with it; what is cut off at the end is not there.
 */
export async function* recordsIn(segment: Segment, from = 0): AsyncGenerator<Found & { kind: 'record' }> {
  const end = segment.lengthBytes;
  const into = Buffer.allocUnsafe(Math.min(windowBytes, Math.max(0, end - from)));
  for (let position = from; position < end; ) {
    const window = await unlessDamaged(segment.readSome(into, position));
    if (window === undefined) {
      position += into.byteLength;
      continue;
    }
    const isLast = position + window.byteLength >= end;
    let at = 0;
    while (at < window.byteLength) {
      const found = SegmentRecord.find(window, at, window.byteLength);
      if (found.kind === 'record') {
        const bodyOffset = position + found.bodyOffset;
        const bodyEnd = bodyOffset + found.header.bodyBytes;
        at = bodyEnd <= end ? bodyEnd - position : found.offset + 1;
        if (bodyEnd <= end) yield { ...found, offset: position + found.offset, bodyOffset };
      } else if (isLast) {
        at = found.offset + 1; // It asks for more than there is: perhaps something better begins behind it.
      } else {
        at = found.offset;
        break;
      }
    }
    position += at;
  }
}
