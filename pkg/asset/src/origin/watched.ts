import { type Context, unlessEnded, withTimeout } from '@gorego/context';
import type { Clock } from '@gorego/platform';

/** Fails with `deadline_exceeded` when the next piece does not come within `ms`. Leaving early leaves `chunks` too. */
export async function* watched(
  ctx: Context,
  clock: Clock,
  ms: number,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  let isAtRest = false;
  try {
    for (;;) {
      using scope = withTimeout(ctx, clock, ms, 'the next piece');
      const { done, value } = await unlessEnded(scope, iterator.next());
      if (done === true) {
        isAtRest = true;
        return;
      }
      yield value;
    }
  } finally {
    // Who is still asked for a piece can't be waited for.
    if (!isAtRest) void iterator.return?.()?.catch(() => {});
  }
}
