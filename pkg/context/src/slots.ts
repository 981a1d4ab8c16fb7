import { Failure } from '@gorego/errors';
import type { Context } from './context.ts';

/**
 * Room for a number of things at once. Who finds none waits in line, for as long as its context lasts; who finds the line
 * full too is refused with `resource_exhausted`.
 */
export class Slots {
  readonly #name: string;
  readonly #limit: number;
  readonly #queueMax: number;
  #taken = 0;
  readonly #waiting = new Set<() => void>();

  /** `name` is for messages: what it is that is full. */
  constructor(name: string, limit: number, queueMax: number) {
    this.#name = name;
    this.#limit = limit;
    this.#queueMax = queueMax;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes a slot, first come first served. Disposing what is returned gives it back, once. */
  async take(ctx: Context): Promise<Disposable> {
    if (ctx.ended !== undefined) throw ctx.ended;
    if (this.#taken < this.#limit) {
      this.#taken++;
    } else {
      if (this.#waiting.size >= this.#queueMax) {
        const line = `${this.#limit} at once and ${this.#queueMax} waiting`;
        throw new Failure('resource_exhausted', `${this.#name}: no room (${line})`);
      }
      await this.#turn(ctx);
    }
    let isGiven = false;
    return {
      [Symbol.dispose]: () => {
        if (isGiven) return;
        isGiven = true;
        this.#give();
      },
    };
  }

  /** Resolves when a slot has been handed over. */
  #turn(ctx: Context): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        stop();
        resolve();
      };
      this.#waiting.add(enter);
      const stop = ctx.onEnd((why) => {
        this.#waiting.delete(enter);
        reject(why);
      });
    });
  }

  /** Hands the slot to who waits longest, or leaves it free. */
  #give(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#taken--;
    } else {
      this.#waiting.delete(next);
      next();
    }
  }
}
