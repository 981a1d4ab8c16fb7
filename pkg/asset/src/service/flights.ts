import { type Context, Slots, type Tasks, unlessEnded } from '@gorego/context';
import type { Clock } from '@gorego/platform';

/** Fetches under way at once, and waiting for their turn. */
const flightsMax = 32;
const flightsQueueMax = 1000;

interface Flight<T> {
  readonly sinceMs: number;
  readonly landed: Promise<T>;
}

/** One piece of work for all who want the same thing at the same time. It goes on when they leave. */
export class Flights<T> {
  readonly #tasks: Tasks;
  readonly #clock: Clock;
  readonly #slots = new Slots('fetches', flightsMax, flightsQueueMax);
  readonly #flights = new Map<string, Flight<T>>();

  constructor(tasks: Tasks, clock: Clock) {
    this.#tasks = tasks;
    this.#clock = clock;
  }

  /**
   * Joins the work of that name if it began at `sinceMs` or later, and begins it otherwise. Whoever leaves gets their
   * own context's failure; the work is bounded by what `work` does with its context, which is nobody's.
   */
  join(ctx: Context, name: string, sinceMs: number, work: (ctx: Context) => Promise<T>): Promise<T> {
    const under = this.#flights.get(name);
    if (under !== undefined && under.sinceMs >= sinceMs) return unlessEnded(ctx, under.landed);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const flight: Flight<T> = { sinceMs: this.#clock.now(), landed: promise };
    promise.catch(() => {}); // Those who wait are told; where nobody does, nobody need be.
    this.#flights.set(name, flight);
    this.#tasks.spawn(`fetch for ${ctx.caller.peer || 'nobody'}`, async (own) => {
      try {
        using _slot = await this.#slots.take(own);
        resolve(await work(own));
      } catch (reason) {
        reject(reason);
      } finally {
        if (this.#flights.get(name) === flight) this.#flights.delete(name);
      }
    });
    return unlessEnded(ctx, promise);
  }
}
