import { Digest } from '@gorego/digest';
import type { Clock, Random } from '@gorego/platform';
import { type Checklist, Key } from '@gorego/storage';
import { LeaseTable } from './lease-table.ts';

/** Confirmations in one generation. Two are remembered; what was confirmed in none of them is asked for again. */
const generationMax = 250_000;

/** A lease that is this much younger than it may become need not be renewed yet. */
const freshShare = 0.1;
const freshMsMax = 60_000;

/**
 * When the upstream last confirmed that it has a blob: by taking it, giving it, or saying so. What is younger than the
 * lease may be said to exist without asking.
 */
export class Leases {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #leaseMs: number;
  readonly #freshMs: number;
  #young: LeaseTable;
  #old: LeaseTable;

  /** With a lease of 0 nothing is ever taken to exist. */
  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }, leaseMs: number) {
    this.#clock = clock;
    this.#random = random;
    this.#leaseMs = leaseMs;
    this.#freshMs = Math.min(freshMsMax, leaseMs * freshShare);
    this.#young = new LeaseTable(random);
    this.#old = new LeaseTable(random);
  }

  confirm(digest: Digest): void {
    if (this.#leaseMs === 0) return;
    if (this.#young.count >= generationMax) {
      this.#old = this.#young;
      this.#young = new LeaseTable(this.#random);
    }
    this.#young.set(Key.ofBlob(digest), Digest.sizeBytes(digest), this.#clock.monotonic());
  }

  /** The upstream turned out not to have it. */
  forget(digest: Digest): void {
    for (const table of [this.#young, this.#old]) table.forget(Key.ofBlob(digest), Digest.sizeBytes(digest));
  }

  holds(digest: Digest): boolean {
    return this.#ageMs(digest) < this.#leaseMs;
  }

  /** Was this confirmed so recently that the upstream need not be told of its use yet? */
  isFresh(digest: Digest): boolean {
    return this.#ageMs(digest) < this.#freshMs;
  }

  /** Takes back the ticks of what is under no lease, and passes on where on the list is what is, and not fresh. */
  check(list: Checklist, onUsed: (i: number) => void): void {
    const nowMs = this.#clock.monotonic();
    const key = { a: 0, b: 0, c: 0, d: 0 };
    for (let i = 0; i < list.count; i++) {
      if (!list.isTicked(i)) continue;
      list.readKey(i, key);
      const ageMs = nowMs - this.#confirmedMs(key, list.sizeBytes(i));
      if (ageMs >= this.#leaseMs) list.untick(i);
      else if (ageMs >= this.#freshMs) onUsed(i);
    }
  }

  #ageMs(digest: Digest): number {
    return this.#clock.monotonic() - this.#confirmedMs(Key.ofBlob(digest), Digest.sizeBytes(digest));
  }

  /** Minus infinity for what is not known. */
  #confirmedMs(key: Key, sizeBytes: number): number {
    const youngMs = this.#young.get(key, sizeBytes);
    return youngMs > Number.NEGATIVE_INFINITY ? youngMs : this.#old.get(key, sizeBytes);
  }
}
