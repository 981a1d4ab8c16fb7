import { type Context, sleep } from '@gorego/context';
import type { Clock } from '@gorego/platform';
import type { LocalStore } from './local-store.ts';

/** Between two goes through everything. */
const restMs = 60 * 60_000;
/** A pause is no shorter than this: what is small is looked at in bursts. */
const pauseMsMin = 50;

/** Hashes everything stored, again and again, no faster than so many bytes a second; what rotted is set aside. */
export async function scrub(ctx: Context, store: LocalStore, clock: Clock, bytesPerSecond: number): Promise<never> {
  let owedMs = 0;
  for (;;) {
    for await (const stored of store.everything(ctx)) {
      await store.checked(ctx, stored);
      owedMs += (stored.diskBytes / bytesPerSecond) * 1000;
      if (owedMs < pauseMsMin) continue;
      await sleep(ctx, clock, owedMs);
      owedMs = 0;
    }
    await sleep(ctx, clock, restMs);
  }
}
