import { type Context, Scope, unlessEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';

/** Fails with `deadline_exceeded` when the next piece does not come within `ms`. Leaving early leaves `chunks` too. */
export async function* watched(
  ctx: Context,
  clock: Clock,
  ms: number,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  using scope = new Scope({ parent: ctx });
  const stall = (): void => scope.cancel(new Failure('deadline_exceeded', `nothing came for ${ms} ms`));
  const iterator = chunks[Symbol.asyncIterator]();
  let stop: () => void = () => {};
  let isAtRest = false;
  try {
    for (;;) {
      stop = clock.after(ms, stall); // Not while our reader is busy with the last piece.
      const { done, value } = await unlessEnded(scope, iterator.next());
      stop();
      if (done === true) {
        isAtRest = true;
        return;
      }
      yield value;
    }
  } finally {
    stop();
    // Who is still asked for a piece can't be waited for.
    if (!isAtRest) void iterator.return?.()?.catch(() => {});
  }
}
