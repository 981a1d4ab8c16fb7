import { type Context, sleep, throwIfEnded } from '@gorego/context';
import type { Clock } from '@gorego/platform';
import type { LocalStore } from './local-store.ts';

/** Between two goes through everything. */
const restMs = 60 * 60_000;
/** A pause is no shorter than this: what is small is looked at in bursts. */
const pauseMsMin = 50;

/** Hashes everything stored, again and again, no faster than so many bytes a second; what rotted is set aside. */
export async function scrub(ctx: Context, store: LocalStore, clock: Clock, bytesPerSecond: number): Promise<never> {
  for (;;) {
    try {
      await gone(ctx, store, clock, bytesPerSecond);
    } catch {
      throwIfEnded(ctx); // Else the disk is in trouble, as who uses it is told; the next time may find it well.
    }
    await sleep(ctx, clock, restMs);
  }
}

/** Through everything, once. */
async function gone(ctx: Context, store: LocalStore, clock: Clock, bytesPerSecond: number): Promise<void> {
  let owedMs = 0;
  for await (const stored of store.everything(ctx)) {
    await store.checked(ctx, stored);
    owedMs += (stored.diskBytes / bytesPerSecond) * 1000;
    if (owedMs < pauseMsMin) continue;
    await sleep(ctx, clock, owedMs);
    owedMs = 0;
  }
}
