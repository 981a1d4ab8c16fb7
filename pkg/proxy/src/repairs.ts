import { type Context, type Slots, throwIfEnded } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { BlobStore } from '@gorego/storage';
import type { Leases } from './leases.ts';
import type { ProxyObserver } from './proxy-observer.ts';

export interface RepairsInit {
  readonly near: BlobStore;
  readonly far: BlobStore;
  readonly leases: Leases;
  /** Repairs at once, and in line. */
  readonly slots: Slots;
  readonly observer: ProxyObserver;
}

/** Gives back to the upstream what it lost and tier 1 still has. */
export class Repairs {
  readonly #init: RepairsInit;
  readonly #underWay = new Map<Digest, Promise<boolean>>();

  constructor(init: RepairsInit) {
    this.#init = init;
  }

  /** Which of `lost` the upstream could not be given back. */
  async repair(ctx: Context, lost: Iterable<Digest>): Promise<Set<Digest>> {
    const unrepaired = new Set<Digest>();
    const one = async (digest: Digest): Promise<void> => {
      const work = this.#underWay.get(digest) ?? this.#begin(ctx, digest);
      if (!(await work)) unrepaired.add(digest);
    };
    await Promise.all(Array.from(lost, one));
    throwIfEnded(ctx);
    return unrepaired;
  }

  #begin(ctx: Context, digest: Digest): Promise<boolean> {
    const work = this.#upload(ctx, digest).finally(() => this.#underWay.delete(digest));
    this.#underWay.set(digest, work);
    return work;
  }

  async #upload(ctx: Context, digest: Digest): Promise<boolean> {
    const { near, far, leases, slots, observer } = this.#init;
    leases.forget(digest);
    try {
      using _slot = await slots.take(ctx);
      const blob = await near.get(ctx, digest);
      if (blob === undefined) return false;
      await far.put(ctx, digest, blob);
      leases.confirm(digest);
      observer.onRepair(digest, undefined);
      return true;
    } catch (reason) {
      observer.onRepair(digest, Failure.from(reason));
      return false;
    }
  }
}
