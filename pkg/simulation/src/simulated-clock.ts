import type { Clock } from '@gorego/platform';
import type { SeededRandom } from './seeded-random.ts';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  isStopped: boolean;
}

/** A world is a standstill or goes round in circles if it takes more steps than this. */
const stepsMax = 200_000;

/**
 * Time that passes only when everyone is waiting for it. Timers that are due at the same moment run in an order that
 * chance decides; a standstill with work undone is a deadlock, and an error.
 */
export class SimulatedClock implements Clock {
  readonly #random: SeededRandom;
  readonly #timers = new TimerHeap();
  #time = 0;
  steps = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  now = (): number => 1_700_000_000_000 + this.#time;
  monotonic = (): number => this.#time;

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#time + Math.max(0, ms), order: this.#random.fraction(), run, isStopped: false };
    this.#timers.push(timer);
    return () => {
      timer.isStopped = true;
    };
  }

  soon(run: () => void): void {
    this.after(0, run);
  }

  /** Lets time pass until `work` is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const finish = (): void => {
      isDone = true;
    };
    work.then(finish, finish);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve)); // Whoever can go on without time passing, has.
      if (isDone) return work;
      const next = this.#timers.pop();
      if (next === undefined) throw new Error('deadlock: everyone waits, and no timer is set');
      if (++this.steps > stepsMax) throw new Error(`livelock: not done after ${stepsMax} steps, at ${this.#time} ms`);
      this.#time = Math.max(this.#time, next.at);
      next.run();
    }
  }
}

/** Timers by time, then by chance; stopped ones are dropped when they come up. */
class TimerHeap {
  readonly #heap: Timer[] = [];

  push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent] as Timer)) break;
      heap[at] = heap[parent] as Timer;
      at = parent;
    }
    heap[at] = timer;
  }

  pop(): Timer | undefined {
    for (let top = this.#take(); top !== undefined; top = this.#take()) if (!top.isStopped) return top;
    return undefined;
  }

  #take(): Timer | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child++;
      if (!isBefore(heap[child] as Timer, last)) break;
      heap[at] = heap[child] as Timer;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
