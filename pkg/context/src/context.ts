import type { Failure } from '@gorego/errors';

/** What every call carries: when to stop, by when it stops mattering, and on whose behalf it runs. */
export interface Context {
  readonly caller: Caller;
  /** `Clock.monotonic()` after which nobody is waiting. Travels upstream as grpc-timeout. */
  readonly deadline: number | undefined;
  /** Why nobody is waiting any more; undefined while somebody is. */
  readonly ended: Failure | undefined;
  /**
   * Calls `listener` once, when the context ends (at once if it has). The returned function stops listening: call it
   * when the wait is over, or the listener lives as long as the context.
   */
  onEnd(listener: (why: Failure) => void): () => void;
  /** The same news for libraries that want an AbortSignal; its reason is a Failure. Made when first asked for. */
  readonly signal: AbortSignal;
}

/** Who asked: REAPI's RequestMetadata and the peer, read once, at the door. Empty strings where nothing was said. */
export interface Caller {
  /** Name and version, as in `bazel 8.7.0`. */
  readonly tool: string;
  /** `tool_invocation_id`: one run of the tool. */
  readonly invocation: string;
  /** `correlated_invocations_id`: what ties several invocations together. */
  readonly correlated: string;
  readonly action: string;
  readonly mnemonic: string;
  readonly target: string;
  /** The address the call came from. */
  readonly peer: string;
}

export const nobody: Caller = {
  tool: '',
  invocation: '',
  correlated: '',
  action: '',
  mnemonic: '',
  target: '',
  peer: '',
};

/** Throws why, if nobody is waiting for `ctx` any more. */
export function throwIfEnded(ctx: Context): void {
  if (ctx.ended !== undefined) throw ctx.ended;
}

/** Waits for `promise`, but not past the end of `ctx`. */
export function unlessEnded<T>(ctx: Context, promise: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = ctx.onEnd(reject);
    promise.then(resolve, reject).finally(stop);
  });
}
