import { Failure } from '@gorego/errors';
import type { Context } from './context.ts';
import { Scope } from './scope.ts';

/** Somewhere for work to live that no single request waits for. */
export interface Tasks {
  /** `run` owns its failures' consequences; a Failure it lets go is told to the group's owner. */
  spawn(name: string, run: (ctx: Context) => Promise<void>): void;
}

/**
 * Owns every task spawned on it: disposing cancels them and waits for the last one to leave, so no promise in the
 * program is ever without an owner.
 */
export class TaskGroup implements Tasks, AsyncDisposable {
  readonly #scope: Scope;
  readonly #running = new Set<Promise<void>>();
  readonly #onFailure: (name: string, failure: Failure) => void;

  /** A bug in a task (anything but a Failure) is not told: it is thrown where nobody catches it, and ends the process. */
  constructor(ctx: Context, onFailure: (name: string, failure: Failure) => void) {
    this.#scope = new Scope({ parent: ctx });
    this.#onFailure = onFailure;
  }

  get size(): number {
    return this.#running.size;
  }

  spawn(name: string, run: (ctx: Context) => Promise<void>): void {
    const task = run(this.#scope).catch((reason: unknown) => {
      if (!(reason instanceof Failure)) throw reason;
      if (reason.code !== 'cancelled') this.#onFailure(name, reason);
    });
    this.#running.add(task);
    void task.finally(() => this.#running.delete(task));
  }

  /** Waits until no task is left, without ending any. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#scope.cancel(new Failure('cancelled', 'shutting down'));
    await this.idle();
  }
}
