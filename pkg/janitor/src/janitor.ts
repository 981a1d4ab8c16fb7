import { type Context, Scope, type Tasks } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Clock, DiskSpace } from '@gorego/platform';
import type { Aging, Housekeeping, Room } from '@gorego/storage';
import type { Pins } from './pins.ts';
import { allowedOf, goalOf, largestBlob, limitOf, startsAt } from './plan.ts';
import { agingOf, type Policy } from './worth.ts';

/** How often the file system is asked what it has left. */
const lookMs = 1000;
/** Each round of a pass asks for twice as much as the one before: that much of segments is not given back at once. */
const roundsMax = 6;
/** How much of a segment must be unwanted to be worth the writing of the rest. */
const worthwhileShare = 0.5;
const acceptableShare = 0.25;
/** What is removed at least when the disk is full. */
const reliefBytes = 16 * 1024 * 1024;
/** Who waits for room at once; more are refused. */
const waitingMax = 10_000;

export interface JanitorInit {
  readonly clock: Clock;
  readonly tasks: Tasks;
  readonly space: () => Promise<DiskSpace>;
  /** What the store may take. */
  readonly maxBytes: number;
  /** What the file system is to have left; undefined is 5 % of it, 1 GiB at most. */
  readonly minFreeBytes?: number | undefined;
  /** What was used within this goes last. */
  readonly graceMs: number;
  /** What goes first; `lru` if nobody says. */
  readonly policy?: Policy;
  /** What is to stay, whenever it was used last. */
  readonly pins?: Pick<Pins, 'held'>;
  readonly observer?: JanitorObserver;
}

export interface JanitorObserver {
  /** So much was removed. */
  readonly onEvicted?: (count: number, bytes: number) => void;
  /** There was nothing left to remove but what was used just now. */
  readonly onGraceBroken?: (count: number, ageMs: number) => void;
  /** The file system has so little left that the store may take less than it is allowed; undefined: no longer. */
  readonly onPressure?: (limitBytes: number | undefined) => void;
}

interface Waiting {
  readonly bytes: number;
  readonly grant: (reservation: Disposable) => void;
  readonly refuse: (why: Failure) => void;
}

/** Keeps a store within its size: knows what is reserved, and removes what was used longest ago. */
export class Janitor implements Room, AsyncDisposable {
  readonly #init: JanitorInit;
  readonly #aging: Aging;
  /** A pass goes on whoever leaves, until the end. */
  readonly #scope = new Scope();
  readonly #waiting = new Set<Waiting>();
  #store: Housekeeping | undefined;
  #reservedBytes = 0;
  #removedCount = 0;
  #limitBytes: number;
  #pass: Promise<void> | undefined;
  #stopTimer: () => void = () => {};
  #isUnderPressure = false;

  constructor(init: JanitorInit) {
    const { policy = 'lru' } = init;
    this.#init = init;
    this.#aging = { exactMs: policy === 'lru' ? Number.POSITIVE_INFINITY : init.graceMs, factors: agingOf(policy) };
    this.#limitBytes = allowedOf(init.maxBytes);
  }

  /** The store to keep. Until then there is room for everything. */
  keep(store: Housekeeping): void {
    this.#store = store;
    this.#look();
  }

  /** What the store may take now. */
  get limitBytes(): number {
    return this.#isUnderPressure ? this.#limitBytes : this.#init.maxBytes;
  }

  get usedBytes(): number {
    return (this.#store?.diskBytes ?? 0) + this.#reservedBytes;
  }

  /** Ends what is under way. To be awaited before the store is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopTimer();
    this.#scope.cancel(new Failure('cancelled', 'shutting down'));
    await this.#pass?.catch(() => {});
  }

  reserve(ctx: Context, bytes: number): Disposable | Promise<Disposable> {
    const { maxBytes } = this.#init;
    if (bytes > largestBlob(maxBytes)) {
      throw new Failure('resource_exhausted', `${bytes} bytes do not fit into a store of at most ${maxBytes}`);
    }
    const after = this.usedBytes + bytes;
    if (after > startsAt(this.#limitBytes)) this.#tidy();
    if (after <= this.#limitBytes && this.#waiting.size === 0) return this.#reserved(bytes);
    return this.#turn(ctx, bytes);
  }

  async relieve(bytes: number): Promise<boolean> {
    const store = this.#store;
    if (store === undefined) return false;
    const before = store.diskBytes;
    await this.#pass; // It may do.
    if (store.diskBytes >= before) await this.#tidyTo(() => before - Math.max(bytes, reliefBytes));
    return store.diskBytes < before;
  }

  /** Removes what was used longest ago, until the store takes no more than that. */
  async trim(toBytes: number): Promise<void> {
    await this.#pass;
    await this.#tidyTo(() => toBytes);
  }

  #reserved(bytes: number): Disposable {
    this.#reservedBytes += bytes;
    let isGiven = false;
    return {
      [Symbol.dispose]: () => {
        if (isGiven) return;
        isGiven = true;
        this.#reservedBytes -= bytes;
        if (this.#waiting.size > 0) this.#serve();
      },
    };
  }

  #turn(ctx: Context, bytes: number): Promise<Disposable> {
    if (this.#waiting.size >= waitingMax) {
      throw new Failure('resource_exhausted', `the disk is full, and ${waitingMax} are waiting for room`);
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiting);
        stop();
      };
      const waiting: Waiting = {
        bytes,
        grant: (reservation) => {
          leave();
          resolve(reservation);
        },
        refuse: (why) => {
          leave();
          reject(why);
        },
      };
      this.#waiting.add(waiting);
      const stop = ctx.onEnd((why) => {
        this.#waiting.delete(waiting);
        reject(why);
      });
      this.#tidy();
    });
  }

  /** Gives room to who waits longest, as far as there is. */
  #serve(): void {
    for (const { bytes, grant } of this.#waiting) {
      if (this.usedBytes + bytes > this.#limitBytes) return;
      grant(this.#reserved(bytes));
    }
  }

  /** Sees to it that things are removed; one pass at a time. */
  #tidy(): void {
    if (this.#pass !== undefined || this.#store === undefined || this.#scope.ended !== undefined) return;
    this.#init.tasks.spawn('keep the local store within its size', async () => {
      const before = this.usedBytes;
      const removedBefore = this.#removedCount;
      const waitedBefore = new Set(this.#waiting);
      await this.#tidyTo(() => goalOf(this.#limitBytes, this.#reservedBytes, this.#waitingBytes()));
      this.#serve();
      if (this.#waiting.size === 0) return;
      // What was freed may have been taken already, by those who were granted room before.
      const isFruitless = this.usedBytes >= before && this.#removedCount === removedBefore;
      if (isFruitless) this.#refuse(waitedBefore);
      // Who came while it was under way has not been tried for.
      if (!isFruitless || this.#waiting.difference(waitedBefore).size > 0) this.#tidy();
    });
  }

  #waitingBytes(): number {
    let bytes = 0;
    for (const waiting of this.#waiting) bytes += waiting.bytes;
    return bytes;
  }

  /** Nothing can be removed: these wait for room in vain, unless those who have some give it back. */
  #refuse(these: ReadonlySet<Waiting>): void {
    if (this.#reservedBytes > 0 && this.#store !== undefined && this.#store.diskBytes < this.#limitBytes / 2) return;
    const limit = `${this.#limitBytes} bytes, of which ${this.usedBytes} are in use`;
    for (const waiting of this.#waiting) {
      if (!these.has(waiting)) continue;
      waiting.refuse(
        new Failure('resource_exhausted', `the local store is full: it may take ${limit}, and none can be freed`),
      );
    }
  }

  #tidyTo(goal: () => number): Promise<void> {
    this.#pass ??= this.#rounds(goal).finally(() => {
      this.#pass = undefined;
    });
    return this.#pass;
  }

  async #rounds(goal: () => number): Promise<void> {
    const store = this.#store;
    if (store === undefined) return;
    const isEnough = (): boolean => {
      if (this.#waiting.size > 0) this.#serve();
      return store.diskBytes <= goal();
    };
    if (isEnough()) return;
    for (const keys of this.#init.pins?.held() ?? []) await store.touch(this.#scope, keys);
    for (let round = 0; round < roundsMax && !isEnough(); round++) {
      await store.compact(this.#scope, worthwhileShare, isEnough);
      if (isEnough()) return;
      await this.#evict(store, (store.diskBytes - goal()) * 2 ** round, isEnough);
      await store.compact(this.#scope, round < roundsMax - 1 ? acceptableShare : Number.MIN_VALUE, isEnough);
    }
  }

  async #evict(store: Housekeeping, bytes: number, isEnough: () => boolean): Promise<void> {
    const { graceMs, observer } = this.#init;
    const survey = await store.survey(this.#scope, this.#aging);
    const ageMs = survey.ageOfOldest(bytes);
    const removed = await store.evict(this.#scope, ageMs, bytes, this.#aging, isEnough);
    if (removed.count === 0) return;
    this.#removedCount += removed.count;
    observer?.onEvicted?.(removed.count, removed.bytes);
    if (ageMs < graceMs) observer?.onGraceBroken?.(removed.count, ageMs);
  }

  #look(): void {
    const { clock, tasks } = this.#init;
    tasks.spawn('look at the space of the disk', async () => {
      await this.#measure();
      if (this.#scope.ended !== undefined) return;
      this.#stopTimer = clock.after(lookMs, () => this.#look());
    });
  }

  async #measure(): Promise<void> {
    const { space, maxBytes, minFreeBytes, observer } = this.#init;
    const usedBytes = this.#store?.diskBytes ?? 0;
    const found = await space().catch(() => undefined);
    this.#limitBytes = limitOf({ maxBytes, minFreeBytes, usedBytes, space: found });
    const isUnderPressure = this.#limitBytes < allowedOf(maxBytes);
    if (isUnderPressure !== this.#isUnderPressure)
      observer?.onPressure?.(isUnderPressure ? this.#limitBytes : undefined);
    this.#isUnderPressure = isUnderPressure;
    if (this.usedBytes > startsAt(this.#limitBytes)) this.#tidy();
    else this.#serve();
  }
}
