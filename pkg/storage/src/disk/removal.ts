import { type Context, sleep, throwIfEnded } from '@gorego/context';
import type { Clock } from '@gorego/platform';
import type { LocalStore } from './local-store.ts';
import { Segment } from './segments/segment.ts';
import type { StoreParts } from './store-parts.ts';

const lookMs = 1000;

/** Looks every second whether somebody removed the store's files from under it; then it goes on with what is left. */
export async function lookAfter(ctx: Context, store: LocalStore, clock: Clock): Promise<never> {
  for (;;) {
    await sleep(ctx, clock, lookMs);
    try {
      await store.mend(ctx);
    } catch {
      throwIfEnded(ctx); // Else the disk is in trouble, as who uses it is told; the next look may find it well.
    }
  }
}

/** Is the segment that is being written still where it should be? */
export async function isActiveThere({ disk, segments }: Pick<StoreParts, 'disk' | 'segments'>): Promise<boolean> {
  const number = segments.activeNumber;
  if (number === undefined || (await disk.stat(Segment.path(number))) !== undefined) return true;
  return segments.activeNumber !== number;
}

/** Forgets whatever is in segments that somebody removed: they are open, and would be gone at the next start. */
export async function forgetRemoved({
  disk,
  segments,
  contents,
}: Pick<StoreParts, 'disk' | 'segments' | 'contents'>): Promise<void> {
  for (const { number } of segments.all) {
    if ((await disk.stat(Segment.path(number))) !== undefined) continue;
    await segments.abandon(number);
    contents.forgetAllIn(number);
    await segments.drop(number);
  }
}
