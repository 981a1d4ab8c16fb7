import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import { type Caller, type Context, nobody } from './context.ts';

/** How nearly all scopes end; made once, as its stack says nothing. */
const scopeEnded = new Failure('cancelled', 'the scope has ended');

/**
 * A context that its owner can end, and that ends with its parent. Disposing it ends it and leaves no listener on the
 * parent: a scope that is not disposed lives as long as its parent does.
 */
export class Scope implements Context, Disposable {
  readonly caller: Caller;
  readonly deadline: number | undefined;
  #ended: Failure | undefined;
  #listeners: Set<(why: Failure) => void> | undefined;
  #controller: AbortController | undefined;
  readonly #leaveParent: (() => void) | undefined;

  constructor({ parent, caller, deadline }: ScopeInit = {}) {
    this.caller = caller ?? parent?.caller ?? nobody;
    this.deadline = earlier(deadline, parent?.deadline);
    this.#leaveParent = parent?.onEnd((why) => this.cancel(why));
  }

  get ended(): Failure | undefined {
    return this.#ended;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#ended !== undefined) this.#controller.abort(this.#ended);
    }
    return this.#controller.signal;
  }

  onEnd(listener: (why: Failure) => void): () => void {
    if (this.#ended !== undefined) {
      listener(this.#ended);
      return () => {};
    }
    const entry = (why: Failure): void => listener(why); // The same listener twice is two listeners.
    this.#listeners ??= new Set();
    this.#listeners.add(entry);
    return () => void this.#listeners?.delete(entry);
  }

  /** Ends the context and all its children. The first reason stays. */
  cancel(why: Failure): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    this.#leaveParent?.();
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) listener(why);
    this.#controller?.abort(why);
  }

  [Symbol.dispose](): void {
    this.cancel(scopeEnded);
  }
}

export interface ScopeInit {
  readonly parent?: Context;
  /** The parent's, unless given. */
  readonly caller?: Caller;
  /** `Clock.monotonic()`; the parent's, if that is earlier. Being told does not end the scope: see `withTimeout`. */
  readonly deadline?: number | undefined;
}

/** The context of a program's own work: it ends when nobody ends it. */
export function background(caller: Caller = nobody): Context {
  return new Scope({ caller });
}

/** Work that outlives the request that began it keeps the request's name, not its fate. */
export function detached(ctx: Context): Scope {
  return new Scope({ caller: ctx.caller });
}

/** A child of `ctx` that ends with `deadline_exceeded` after `ms`, or sooner with its parent. */
export function withTimeout(ctx: Context, clock: Clock, ms: number, doing = 'the work'): Scope {
  const scope = new Scope({ parent: ctx, deadline: clock.monotonic() + ms });
  const stop = clock.after(ms, () =>
    scope.cancel(new Failure('deadline_exceeded', `${doing} was not done within ${ms} ms`)),
  );
  scope.onEnd(stop);
  return scope;
}

/** Resolves after `ms`; rejects with the context's reason if that comes first. */
export function sleep(ctx: Context, clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    if (ctx.ended !== undefined) {
      reject(ctx.ended);
      return;
    }
    const stopListening = ctx.onEnd((why) => {
      stopTimer();
      reject(why);
    });
    const stopTimer = clock.after(ms, () => {
      stopListening();
      resolve();
    });
  });
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}
