import { agingOf, worthClasses, worthOf } from '@gorego/janitor';
import { Heap } from './heap.ts';
import { Items } from './items.ts';
import { Queue } from './queue.ts';
import { closureBytes, nextAsks, resultBytes, type Trace } from './trace.ts';

/** A cache of one policy, before its trace. */
export interface Cache {
  /** The ask at this place of the trace: is the action's result here, with all its blobs? If not, they are from now on. */
  ask(place: number): boolean;
}

export type Policy = (trace: Trace, capacityBytes: number) => Cache;

/** Results and blobs by when they were used last, each for itself, as the store does it; some age faster than others. */
function byAge(aging: Float64Array): Policy {
  return (trace, capacityBytes) => {
    const items = new Items(trace);
    const worth = new Uint8Array(items.count);
    const used = new Float64Array(items.count);
    const queues = Array.from({ length: worthClasses }, () => new Queue());
    /** The oldest of a class: what was touched since it was queued is further back as well. */
    const oldestOf = (of: number): number | undefined => {
      const queue = queues[of] as Queue;
      for (let front = queue.front; front !== undefined; front = queue.front) {
        if (items.isHere(front.item) && worth[front.item] === of && used[front.item] === front.order) return front.item;
        queue.shift();
      }
      return undefined;
    };
    const evict = (now: number): void => {
      let victim: number | undefined;
      let greatest = Number.NEGATIVE_INFINITY;
      for (let of = 0; of < worthClasses; of++) {
        const oldest = oldestOf(of);
        if (oldest === undefined) continue;
        const age = (now - (used[oldest] as number)) * (aging[of] as number);
        if (age > greatest) [victim, greatest] = [oldest, age];
      }
      if (victim !== undefined) items.drop(victim);
    };
    return {
      ask: (place) => {
        const action = trace.asked[place] as number;
        const isHit = items.isWhole(action);
        const now = trace.at[place] as number;
        const of = worthOf(trace.seconds[action] as number, closureBytes(trace, action));
        items.forEach(action, (item) => {
          if (!items.isHere(item)) {
            items.keep(item);
            worth[item] = 0; // It comes as if for the first time.
          }
          worth[item] = Math.max(worth[item] as number, of);
          used[item] = now + place * 1e-9; // Builds ask for many things in a moment; what was asked before stays before.
          queues[worth[item] as number]?.push(item, used[item] as number);
        });
        while (items.bytes > capacityBytes) evict(now);
        return isHit;
      },
    };
  };
}

export const lru: Policy = byAge(agingOf('lru'));
export const value: Policy = byAge(agingOf('value'));

/** GreedyDual-Size-Frequency of results and blobs, each for itself: what is cheap for its bytes goes first. */
export const gdsf: Policy = (trace, capacityBytes) => {
  const items = new Items(trace);
  const heap = new Heap(items.count);
  const uses = new Float64Array(items.count);
  let inflation = 0;
  return {
    ask: (place) => {
      const action = trace.asked[place] as number;
      const isHit = items.isWhole(action);
      const density = (trace.seconds[action] as number) / closureBytes(trace, action);
      items.forEach(action, (item) => {
        uses[item] = items.isHere(item) ? (uses[item] as number) + 1 : 1;
        items.keep(item);
        heap.set(item, inflation + density * (uses[item] as number));
      });
      while (items.bytes > capacityBytes) {
        const least = heap.pop();
        if (least === undefined) break;
        inflation = least.priority;
        items.drop(least.thing);
      }
      return isHit;
    },
  };
};

/** An ask of a result that lives and dies with its blobs. */
interface Ask {
  readonly place: number;
  readonly action: number;
  /** How often it was asked for since it is here. */
  readonly uses: number;
  /** What would be free without it: a blob that others need too counts in part. */
  readonly bytes: number;
  /** The priority of what went last. */
  readonly inflation: number;
}

/** Results that live and die with their blobs; `priorityOf` says who goes first: the least. */
function byClosure(trace: Trace, capacityBytes: number, priorityOf: (ask: Ask) => number): Cache {
  const heap = new Heap(trace.blobsOf.length);
  const sharers = new Uint32Array(trace.bytesOf.length);
  const uses = new Uint32Array(trace.blobsOf.length);
  let bytes = 0;
  let inflation = 0;
  const refer = (action: number, by: 1 | -1): void => {
    bytes += by * resultBytes;
    for (const blob of trace.blobsOf[action] as Uint32Array) {
      const before = sharers[blob] as number;
      sharers[blob] = before + by;
      if (before === 0 || before + by === 0) bytes += by * (trace.bytesOf[blob] as number);
    }
  };
  const ownBytes = (action: number): number => {
    let own = resultBytes;
    for (const blob of trace.blobsOf[action] as Uint32Array)
      own += (trace.bytesOf[blob] as number) / (sharers[blob] as number);
    return own;
  };
  return {
    ask: (place) => {
      const action = trace.asked[place] as number;
      const isHit = heap.has(action);
      if (!isHit) refer(action, 1);
      uses[action] = isHit ? (uses[action] as number) + 1 : 1;
      heap.set(action, priorityOf({ place, action, uses: uses[action] as number, bytes: ownBytes(action), inflation }));
      while (bytes > capacityBytes) {
        const least = heap.pop();
        if (least === undefined) break;
        inflation = Math.max(inflation, least.priority);
        refer(least.thing, -1);
      }
      return isHit;
    },
  };
}

/** GreedyDual-Size-Frequency of whole closures: time saved for a byte, shared blobs counted once. */
export const closures: Policy = (trace, capacityBytes) =>
  byClosure(
    trace,
    capacityBytes,
    ({ action, uses, bytes, inflation }) => inflation + ((trace.seconds[action] as number) * uses) / bytes,
  );

/** Knows the future: what is asked for again last goes first. */
export const belady: Policy = (trace, capacityBytes) => {
  const next = nextAsks(trace);
  return byClosure(trace, capacityBytes, ({ place }) => -(next[place] as number));
};
