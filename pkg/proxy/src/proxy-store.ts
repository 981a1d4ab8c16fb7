import { type Context, Scope, Slots, type Tasks } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Clock, Random } from '@gorego/platform';
import {
  type ActionCache,
  type BlobStore,
  completeOnly,
  emptyAlwaysHere,
  type KeptActions,
  type References,
  type StagingStore,
} from '@gorego/storage';
import { Leases } from './leases.ts';
import { ProxyActions } from './proxy-actions.ts';
import { ProxyBlobs } from './proxy-blobs.ts';
import type { ProxyObserver } from './proxy-observer.ts';
import { Repairs } from './repairs.ts';
import { defaultThresholds, type Thresholds } from './thresholds.ts';
import { Touches } from './touches.ts';
import { WindowBudget } from './window-budget.ts';

/** One cache as a ProxyStore sees it. */
export interface Near {
  readonly blobs: StagingStore;
  actions(instance: string): KeptActions;
}
export interface Far {
  blobs(instance: string): BlobStore;
  actions(instance: string): ActionCache;
}

export interface ProxyStoreInit {
  readonly near: Near;
  readonly far: Far;
  readonly clock: Clock;
  readonly random: Random;
  readonly tasks: Tasks;
  readonly references: References;
  readonly observer: ProxyObserver;
  /** How long what tier 2 confirmed to have is taken to exist; 0 asks each time. Milliseconds. */
  readonly existenceLeaseMs: number;
  /** The same for action results. */
  readonly actionLeaseMs: number;
  readonly localWrite: 'sync' | 'async';
  /** What all transfers together hold in memory. Bytes. */
  readonly windowBytes: number;
  readonly thresholds?: Thresholds;
}

/** Writes to tier 1 that nobody waits for, at once and in line; small blobs, in memory until then. */
const fillsMax = 64;
const fillsQueueMax = 4096;

/** Blobs given back to an upstream that lost them, at once and in line. */
const repairsMax = 8;
const repairsQueueMax = 1000;

/** Instances remembered at once. What one that is forgotten knew of leases is asked for again. */
const instancesMax = 1000;

/**
 * Two tiers as one cache, for each instance: tier 1's bytes are shared, unless an instance has its own; what exists
 * upstream is known for each apart.
 */
export class ProxyStore {
  readonly #init: ProxyStoreInit;
  readonly #thresholds: Thresholds;
  readonly #budget: WindowBudget;
  readonly #fillSlots = new Slots('writes to tier 1', fillsMax, fillsQueueMax);
  readonly #repairSlots = new Slots('repairs of tier 2', repairsMax, repairsQueueMax);
  readonly #instances = new Map<string, ProxyInstance>();

  constructor(init: ProxyStoreInit) {
    this.#init = init;
    this.#thresholds = init.thresholds ?? defaultThresholds;
    this.#budget = new WindowBudget(init.windowBytes, this.#thresholds);
  }

  /** One instance's view of both tiers. `near` is its tier 1, the same each time, if it has one of its own. */
  instance(name: string, near: Near = this.#init.near): ProxyInstance {
    const known = this.#instances.get(name);
    if (known !== undefined) return known;
    const [oldest] = this.#instances.size < instancesMax ? [] : this.#instances;
    if (oldest !== undefined) {
      this.#instances.delete(oldest[0]);
      oldest[1].stop();
    }
    const made = this.#make(name, near);
    this.#instances.set(name, made);
    return made;
  }

  #make(name: string, near: Near): ProxyInstance {
    const {
      far: fars,
      clock,
      random,
      tasks,
      references,
      observer,
      localWrite,
      existenceLeaseMs,
      actionLeaseMs,
    } = this.#init;
    const far = fars.blobs(name);
    const leases = new Leases({ clock, random }, existenceLeaseMs);
    const touches = new Touches(leases);
    const repairs = new Repairs({ near: near.blobs, far, leases, slots: this.#repairSlots, observer });
    const blobs = emptyAlwaysHere(
      new ProxyBlobs({
        ...{ near: near.blobs, far, leases, touches, repairs, clock, tasks, observer, localWrite },
        budget: this.#budget,
        thresholds: this.#thresholds,
        fillSlots: this.#fillSlots,
      }),
    );
    const actions = new ProxyActions({
      near: near.actions(name),
      nearComplete: completeOnly(near.actions(name), emptyAlwaysHere(near.blobs), references),
      far: fars.actions(name),
      leases: new Leases({ clock, random }, actionLeaseMs),
      ...{ blobs, references, tasks, localWrite, observer },
      fillSlots: this.#fillSlots,
    });
    const stop = untilStopped(tasks, `touch blobs of ${JSON.stringify(name)}`, (ctx) =>
      touches.run(ctx, clock, far, repairs, observer),
    );
    return { blobs, actions, stop };
  }
}

/** Spawns work that goes on until what is returned is called. */
function untilStopped(tasks: Tasks, name: string, run: (ctx: Context) => Promise<void>): () => void {
  let stop: () => void = () => {};
  tasks.spawn(name, async (ctx) => {
    using scope = new Scope({ parent: ctx });
    stop = () => scope.cancel(new Failure('cancelled', 'no longer needed'));
    await run(scope);
  });
  return () => stop();
}

/** One instance's view of both tiers. */
export interface ProxyInstance {
  readonly blobs: BlobStore;
  /** Gives only results whose blobs are all there. */
  readonly actions: ActionCache;
  /** Ends what it does in the background. */
  stop(): void;
}
