import { type Context, throwIfEnded } from '@gorego/context';
import type { Contents } from './contents.ts';
import { unlessDamaged } from './damage.ts';
import { type Entry, shardCount } from './index/entry-index.ts';
import { Flag, field } from './index/entry-table.ts';
import type { Key } from './index/key.ts';
import { isRight } from './packing.ts';
import { headerBytesMax, SegmentRecord } from './segments/segment-record.ts';
import type { Segments } from './segments/segments.ts';

/**
 * Looks at the records that were written shortly before the power went, and forgets those that are not what they were.
 * Results carry a checksum that each read looks at; so do files, whose turn comes when the directory is gone through.
 */
export async function checkSuspects(ctx: Context, contents: Contents, segments: Segments): Promise<void> {
  for (let shard = 0; shard < shardCount; shard++) {
    for (const [key, entry] of contents.index.entries(shard, isSuspectRecord)) {
      throwIfEnded(ctx);
      await check(contents, segments, key, entry);
    }
  }
}

function isSuspectRecord(words: Uint32Array, at: number): boolean {
  return words[at + field.segment] !== 0 && ((words[at + field.flags] as number) & Flag.suspect) !== 0;
}

async function check(contents: Contents, segments: Segments, key: Key, entry: Entry): Promise<void> {
  const { segment, offset, sizeBytes, packedBytes = sizeBytes, kind } = entry;
  const place = segments.get(segment);
  if (place === undefined) return;
  const bytes = await unlessDamaged(place.readSome(Buffer.allocUnsafe(headerBytesMax + packedBytes), offset));
  const found = bytes && SegmentRecord.find(bytes, 0, bytes.byteLength);
  const isThere = found?.kind === 'record' && found.offset === 0 && found.header.kind === kind;
  const body = isThere ? bytes?.subarray(found.bodyOffset, found.bodyOffset + packedBytes) : undefined;
  if (isThere && body !== undefined && isRight(found.header, body)) contents.index.verify(key);
  else contents.forgetSame(key, entry);
}
