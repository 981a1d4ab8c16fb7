import type { Digest } from '@gorego/digest';
import type { Clock } from '@gorego/platform';

/** Confirmations remembered at once. Beyond it the oldest are forgotten, and asked for again. */
const leasesMax = 500_000;

/** A lease that is this much younger than it may become need not be renewed yet. */
const freshShare = 0.1;
const freshMsMax = 60_000;

/**
 * When the upstream last confirmed that it has a blob: by taking it, giving it, or saying so. What is younger than the
 * lease may be said to exist without asking.
 */
export class Leases {
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #confirmedMs = new Map<Digest, number>();

  /** With a lease of 0 nothing is ever taken to exist. */
  constructor(clock: Clock, leaseMs: number) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  get size(): number {
    return this.#confirmedMs.size;
  }

  confirm(digest: Digest): void {
    if (this.#leaseMs === 0) return;
    this.#confirmedMs.delete(digest); // So that the order is that of age.
    this.#confirmedMs.set(digest, this.#clock.monotonic());
    if (this.#confirmedMs.size > leasesMax) this.forget(this.#confirmedMs.keys().next().value as Digest);
  }

  /** The upstream turned out not to have it. */
  forget(digest: Digest): void {
    this.#confirmedMs.delete(digest);
  }

  holds(digest: Digest): boolean {
    return this.#ageMs(digest) < this.#leaseMs;
  }

  /** Was this confirmed so recently that the upstream need not be told of its use yet? */
  isFresh(digest: Digest): boolean {
    return this.#ageMs(digest) < Math.min(freshMsMax, this.#leaseMs * freshShare);
  }

  #ageMs(digest: Digest): number {
    const confirmedMs = this.#confirmedMs.get(digest);
    return confirmedMs === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonic() - confirmedMs;
  }
}
