import { Digest } from '@gorego/digest';
import type { Clock, Random } from '@gorego/platform';
import { type Checklist, Key, Mark } from '@gorego/storage';
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

  /**
   * Takes back all marks but those of what is here and under a lease. Of what is, and not fresh, `noteUse` is told where on the list it is,
   * until it says yes: then not again before it is confirmed the next time.
   */
  check(list: Checklist, noteUse: (i: number) => boolean): void {
    const nowMs = this.#clock.monotonic();
    const key = { a: 0, b: 0, c: 0, d: 0 };
    for (let i = 0; i < list.count; i++) {
      if (list.markOf(i) !== Mark.here) {
        list.mark(i, Mark.none);
        continue;
      }
      list.readKey(i, key);
      let table = this.#young;
      let at = table.find(key, list.sizeBytes(i));
      if (at < 0) {
        table = this.#old;
        at = table.find(key, list.sizeBytes(i));
      }
      const ageMs = at < 0 ? Number.POSITIVE_INFINITY : nowMs - table.confirmedMs(at);
      if (ageMs >= this.#leaseMs) list.mark(i, Mark.none);
      else if (ageMs >= this.#freshMs && !table.isUsed(at) && noteUse(i)) table.use(at);
    }
  }

  #ageMs(digest: Digest): number {
    const [key, sizeBytes] = [Key.ofBlob(digest), Digest.sizeBytes(digest)];
    const ageMs = (table: LeaseTable): number => {
      const at = table.find(key, sizeBytes);
      return at < 0 ? Number.POSITIVE_INFINITY : this.#clock.monotonic() - table.confirmedMs(at);
    };
    return Math.min(ageMs(this.#young), ageMs(this.#old));
  }
}
