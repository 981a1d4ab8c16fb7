import { type Context, throwIfEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { unlessDamaged } from './damage.ts';
import { Key } from './index/key.ts';
import type { Segment } from './segments/segment.ts';
import { recordsIn } from './segments/segment-scan.ts';
import type { Place } from './segments/segment-writer.ts';
import type { StoreParts } from './store-parts.ts';
import { Ticks } from './ticks.ts';

/** How many records are on their way at once. */
const movedAtOnce = 64;
/** What was written longer ago has reached the disk; what is younger is looked at again after a loss of power. */
const settledTicks = 60 * Ticks.perSecond;

/**
 * Moves what is still wanted of a segment to where new records go, and drops it. What is read, replaced or forgotten
 * meanwhile is as it would be without; what would have survived a loss of power still does. On a full disk what can't move
 * goes with the segment.
 */
export async function compacted(
  ctx: Context,
  { contents, segments }: Pick<StoreParts, 'contents' | 'segments'>,
  segment: Segment,
): Promise<void> {
  const moving = new Set<Promise<void>>();
  /** Where what had reached the disk is now. */
  const unsettled = new Set<number>();
  let full: Failure | undefined;
  if (contents.useOf(segment.number) !== undefined) {
    for await (const { header, offset, bodyOffset } of recordsIn(segment)) {
      throwIfEnded(ctx);
      const key = header.kind === 'blob' ? Key.ofBlob(header.digest) : Key.ofAction(header.instance, header.digest);
      const from = { segment: segment.number, offset };
      const entry = contents.index.get(key);
      if (entry?.segment !== from.segment || entry.offset !== from.offset) continue;
      if (full !== undefined) {
        contents.forget(key);
        continue;
      }
      const bodyAt = bodyOffset - offset;
      const record = await unlessDamaged(segment.readSome(Buffer.allocUnsafe(bodyAt + header.bodyBytes), offset));
      if (record === undefined) continue;
      const isSettled = contents.now - header.written > settledTicks;
      const onMoved = (place: Place): void => {
        if (isSettled) unsettled.add(place.segment);
        contents.move(key, from, place);
      };
      const move = segments
        .append(record.subarray(0, bodyAt), record.subarray(bodyAt), onMoved)
        .then(
          () => {},
          (reason: unknown) => {
            full = Failure.from(reason);
            contents.forgetSame(key, from);
          },
        )
        .finally(() => moving.delete(move));
      moving.add(move);
      if (moving.size >= movedAtOnce) await Promise.race(moving);
    }
    await Promise.all(moving);
  }
  await segments.settle(unsettled);
  // What the scan did not come by, or could not read, is not there for others either.
  contents.forgetAllIn(segment.number);
  await segments.drop(segment.number);
}
