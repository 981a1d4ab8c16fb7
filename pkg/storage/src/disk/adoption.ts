import { Digest } from '@gorego/digest';
import type { Contents } from './contents.ts';
import { unlessDamaged } from './damage.ts';
import { shardCount } from './index/entry-index.ts';
import { field } from './index/entry-table.ts';
import { Key } from './index/key.ts';
import { Encoding, isRight } from './packing.ts';
import type { Segment } from './segments/segment.ts';
import { recordsIn } from './segments/segment-scan.ts';
import type { Segments } from './segments/segments.ts';

/** Forgets what the index has in segments that are gone, or shorter than it thinks. Returns how many entries that were. */
export function forgetLost(contents: Contents, segments: Segments): number {
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
