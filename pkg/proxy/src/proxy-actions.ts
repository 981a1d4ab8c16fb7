import { type Context, detached, type Slots, type Tasks, unlessEnded } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { type ActionCache, type BlobStore, isComplete, type KeptActions, type References } from '@gorego/storage';
import type { Leases } from './leases.ts';
import type { ProxyObserver } from './proxy-observer.ts';

export interface ProxyActionsInit {
  /** Tier 1's results. */
  readonly near: KeptActions;
  /** Tier 1's results whose blobs are all in tier 1: usable whatever becomes of tier 2. */
  readonly nearComplete: ActionCache;
  /** Tier 2's results: the truth. */
  readonly far: ActionCache;
  /** Both tiers' blobs: where what a result refers to must be, in the end upstream. */
  readonly blobs: BlobStore;
  readonly references: References;
  /** How long a result that tier 2 confirmed is answered without asking again. */
  readonly leases: Leases;
  readonly tasks: Tasks;
  readonly localWrite: 'sync' | 'async';
  /** Writes to tier 1 that nobody waits for. */
  readonly fillSlots: Slots;
  readonly observer: ProxyObserver;
}

/**
 * Action results of two tiers, tier 2 the truth: it is asked each time, or as often as the lease says, once for all who
 * ask meanwhile; what it answers is kept in tier 1 if that is news. A result whose blobs are not all in the one tier or the
 * other is none. While tier 2 can't be reached, what tier 1 knows and can serve alone is answered.
 */
export class ProxyActions implements ActionCache {
  readonly #init: ProxyActionsInit;
  readonly #asked = new Map<Digest, Promise<Uint8Array | undefined>>();
  /** What tier 1 is still to learn of each action, the latest alone; one writer for each. */
  readonly #news = new Map<Digest, Uint8Array | undefined>();

  constructor(init: ProxyActionsInit) {
    this.#init = init;
  }

  async get(ctx: Context, action: Digest): Promise<Uint8Array | undefined> {
    const { near, nearComplete, leases, blobs, references, observer } = this.#init;
    try {
      const leased = leases.holds(action) ? await near.get(ctx, action).catch(() => undefined) : undefined;
      const result = leased ?? (await this.#ask(ctx, action));
      if (result === undefined || !(await isComplete(ctx, action, result, blobs, references))) return undefined;
      return result;
    } catch (reason) {
      if (!(reason instanceof Failure) || reason.code !== 'unavailable' || ctx.ended !== undefined) throw reason;
      const known = await nearComplete.get(ctx, action).catch((otherwise: unknown) => {
        if (otherwise instanceof Failure) return undefined;
        throw otherwise;
      });
      if (known === undefined) throw reason;
      observer.onStale(action);
      return known;
    }
  }

  async put(ctx: Context, action: Digest, result: Uint8Array): Promise<void> {
    const { far, leases, localWrite } = this.#init;
    await this.#bringBlobs(ctx, action, result);
    await far.put(ctx, action, result);
    this.#asked.delete(action); // What was asked before this is not to be joined, nor believed.
    leases.confirm(action);
    const told = this.#tell(action, result);
    if (localWrite === 'sync') await told;
  }

  /** Tier 2's answer, asked for once however many wait. */
  #ask(ctx: Context, action: Digest): Promise<Uint8Array | undefined> {
    const under = this.#asked.get(action);
    if (under !== undefined) return unlessEnded(ctx, under);
    const asked = this.#answer(ctx, action);
    this.#asked.set(action, asked);
    const learn = (result: Uint8Array | undefined): void => {
      if (this.#asked.get(action) !== asked) return; // Something newer is known.
      this.#asked.delete(action);
      if (result === undefined) this.#init.leases.forget(action);
      else this.#init.leases.confirm(action);
      void this.#tell(action, result);
    };
    asked.then(learn, () => {
      if (this.#asked.get(action) === asked) this.#asked.delete(action);
    });
    return unlessEnded(ctx, asked);
  }

  async #answer(ctx: Context, action: Digest): Promise<Uint8Array | undefined> {
    using scope = detached(ctx); // Others may join: it doesn't end with who asked first.
    return await this.#init.far.get(scope, action);
  }

  /**
   * A result must not reach tier 2 before its blobs: those that a client was told exist, and tier 2 has lost since, are
   * brought there from tier 1 by asking what is missing. Those that are nowhere are the client's to answer for.
   */
  async #bringBlobs(ctx: Context, action: Digest, result: Uint8Array): Promise<void> {
    const { references, blobs } = this.#init;
    const needed = await references(ctx, action, result, blobs);
    if (needed !== undefined && needed.size > 0) await blobs.findMissing(ctx, needed);
  }

  /** Lets tier 1 know, soon: a result, or that there is none. Resolves when it knows this or something newer. */
  #tell(action: Digest, result: Uint8Array | undefined): Promise<void> {
    const isBeingTold = this.#news.has(action);
    this.#news.set(action, result);
    if (isBeingTold) return Promise.resolve();
    return new Promise((resolve) => {
      this.#init.tasks.spawn(`keep the result of ${action}`, async (ctx) => {
        try {
          using _slot = await this.#init.fillSlots.take(ctx);
          while (this.#news.has(action)) await this.#write(ctx, action);
        } finally {
          this.#news.delete(action);
          resolve();
        }
      });
    });
  }

  async #write(ctx: Context, action: Digest): Promise<void> {
    const { near, observer } = this.#init;
    const result = this.#news.get(action);
    try {
      const known = await near.get(ctx, action);
      if (result === undefined) {
        if (known !== undefined) await near.forget(ctx, action);
      } else if (known === undefined || Buffer.compare(known, result) !== 0) {
        await near.put(ctx, action, result); // What is the same is not written again.
      }
    } catch (reason) {
      if (!(reason instanceof Failure)) throw reason;
      observer.onNearFailure('keep', action, reason);
    }
    if (this.#news.get(action) === result) this.#news.delete(action);
  }
}
