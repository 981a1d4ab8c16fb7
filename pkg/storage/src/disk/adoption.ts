import { Digest } from '@gorego/digest';
import type { Contents } from './contents.ts';
import { unlessDamaged } from './damage.ts';
import { shardCount } from './index/entry-index.ts';
import { field } from './index/entry-table.ts';
import { Key } from './index/key.ts';
import type { Recovered } from './index/recovered.ts';
import { Encoding, isRight } from './packing.ts';
import type { Segment } from './segments/segment.ts';
import { recordsIn } from './segments/segment-scan.ts';
import type { Segments } from './segments/segments.ts';

/** Without an index, no more than this is gone through before the store is open; the rest follows. */
const scannedAtOnceBytesMax = 64 * 1024 * 1024;

/**
 * What segments have that the index does not know, and what the index knows that they don't have; returns how much that
 * was. A tail that was torn is cut off, so that writing can go on behind it.
 */
export async function caughtUp(contents: Contents, segments: Segments, found: Recovered): Promise<number> {
  const { isComplete, suspectFrom, segmentEnds } = found;
  let changes = forgetLost(contents, segments);
  if (suspectFrom !== undefined) changes += contents.index.suspectSince(suspectFrom);
  const last = segments.all.at(-1);
  const isLittle = segments.diskBytes < scannedAtOnceBytesMax;
  for (const segment of segments.all) {
    const from = segmentEnds.get(segment.number) ?? (isComplete || isLittle ? 0 : segment.lengthBytes);
    if (from >= segment.lengthBytes) continue;
    const end = await adoptRecords(contents, segment, from, { verifies: suspectFrom !== undefined });
    if (segment === last && end < segment.lengthBytes) await segment.cut(end);
    changes++;
  }
  // Else its end may be anything; what is new goes into a new one.
  if (isComplete || isLittle) segments.continueLast();
  return changes;
}

/** Forgets what the index has in segments that are gone, or shorter than it thinks. Returns how many entries that were. */
function forgetLost(contents: Contents, segments: Segments): number {
  const lengths = new Map(segments.all.map(({ number, lengthBytes }) => [number, lengthBytes]));
  const isLost = (words: Uint32Array, at: number): boolean => {
    const segment = words[at + field.segment] as number;
    return segment !== 0 && (words[at + field.offset] as number) >= (lengths.get(segment) ?? 0);
  };
  let count = 0;
  for (let shard = 0; shard < shardCount; shard++) {
    for (const [key] of contents.index.entries(shard, isLost)) {
      contents.forget(key);
      count++;
    }
  }
  return count;
}

/**
 * Learns the records of a segment from `from` on, and returns where the last of them ends. What the index knows of the
 * same key is replaced, unless it is in a later segment. With `verifies`, bytes that are wrong are none.
 */
export async function adoptRecords(
  contents: Contents,
  segment: Segment,
  from: number,
  { verifies }: { verifies: boolean },
): Promise<number> {
  let end = from;
  for await (const { header, offset, bodyOffset } of recordsIn(segment, from)) {
    const { kind, digest, instance, bodyBytes, written } = header;
    end = bodyOffset + bodyBytes;
    const isBlob = kind === 'blob';
    const key = isBlob ? Key.ofBlob(digest) : Key.ofAction(instance, digest);
    const known = contents.index.get(key);
    if (
      known !== undefined &&
      (known.segment > segment.number ||
        (known.segment === segment.number && known.offset >= offset) ||
        // It was replaced while it was on its way to here from an older segment.
        known.used > written)
    )
      continue;
    if (verifies || !isBlob) {
      const body = await unlessDamaged(segment.readSome(Buffer.allocUnsafe(bodyBytes), bodyOffset));
      if (body === undefined || !isRight(header, body)) continue;
    }
    const sizeBytes = isBlob ? Digest.sizeBytes(digest) : bodyBytes;
    const packedBytes = header.encoding === Encoding.asIs ? undefined : bodyBytes;
    if (isBlob && packedBytes === undefined && bodyBytes !== sizeBytes) continue;
    contents.set(key, { kind, sizeBytes, packedBytes, segment: segment.number, offset, used: written });
  }
  return end;
}
