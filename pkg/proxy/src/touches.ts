import { type Context, sleep } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import type { BlobStore } from '@gorego/storage';
import type { Leases } from './leases.ts';
import type { ProxyObserver } from './proxy-observer.ts';
import type { Repairs } from './repairs.ts';

/** How often the upstream is told what was used meanwhile, and of how many blobs at once. */
const touchEveryMs = 10_000;
const touchesMax = 10_000;

/** Uses remembered until the upstream can be told. What is more is not told: its lease runs out, and then it is asked. */
const pendingMax = 100_000;

/**
 * Tells the upstream what is in use that it is not asked for, because tier 1 has it: so that its least recently used is
 * what nobody uses. What it turns out to have lost is repaired.
 */
export class Touches {
  readonly #leases: Leases;
  readonly #pending = new Set<Digest>();

  constructor(leases: Leases) {
    this.#leases = leases;
  }

  /** Blobs that were used just now. */
  add(digests: Iterable<Digest>): void {
    for (const digest of digests) {
      if (this.#pending.size >= pendingMax) return;
      if (!this.#leases.isFresh(digest)) this.#pending.add(digest);
    }
  }

  /** A blob was used just now whose lease is not fresh. False if there are too many to remember it. */
  note(digest: Digest): boolean {
    if (this.#pending.size >= pendingMax) return false;
    this.#pending.add(digest);
    return true;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Tells the upstream of what is pending, until `ctx` ends. An outage only delays it. */
  async run(ctx: Context, clock: Clock, far: BlobStore, repairs: Repairs, observer: ProxyObserver): Promise<void> {
    for (;;) {
      await sleep(ctx, clock, touchEveryMs);
      while (this.#pending.size > 0) {
        const batch = new Set(this.#pending.values().take(touchesMax));
        try {
          const missing = await far.findMissing(ctx, batch);
          for (const digest of batch) if (!missing.has(digest)) this.#leases.confirm(digest);
          for (const digest of batch) this.#pending.delete(digest);
          observer.onTouch(batch.size);
          await repairs.repair(ctx, missing);
        } catch (reason) {
          if (!(reason instanceof Failure) || ctx.ended !== undefined) throw reason;
          break; // They stay pending.
        }
      }
    }
  }
}
