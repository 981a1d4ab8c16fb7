import { type Context, sleep } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Clock, Random } from '@gorego/platform';

/** Tries of one call, the first included. */
const triesMax = 4;

/** Before the nth repeat: this, doubled n times, of which between half and all is waited. */
const firstPauseMs = 50;
const pauseMsMax = 1000;

/** Each success earns that much of a retry, up to so many: a sick upstream is asked a tenth more, not four times. */
const earnedPerSuccess = 0.1;
const budgetMax = 20;

/**
 * Repeats what is safe to repeat, while that may help, the caller still waits, and the budget lasts. The budget is shared
 * by all calls to one upstream.
 */
export class Retries {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #isHopeless: () => boolean;
  #budget = budgetMax;

  /** `isHopeless` says when nothing may pass soon, as while a circuit is open. */
  constructor(clock: Clock, random: Random, isHopeless: () => boolean) {
    this.#clock = clock;
    this.#random = random;
    this.#isHopeless = isHopeless;
  }

  /** Runs `attempt`, again if it fails in a way that may pass. `attempt` is told how many tries went before. */
  async run<T>(ctx: Context, attempt: (tries: number) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        const result = await attempt(tries);
        this.#budget = Math.min(budgetMax, this.#budget + earnedPerSuccess);
        return result;
      } catch (reason) {
        if (!(await this.again(ctx, reason, tries + 1))) throw reason;
      }
    }
  }

  /** Whether to try again after `tries` tries ended with `reason`; if so, resolves when it is time to. */
  async again(ctx: Context, reason: unknown, tries: number): Promise<boolean> {
    if (!(reason instanceof Failure) || !mayPass(reason, tries) || ctx.ended !== undefined) return false;
    if (tries >= triesMax || this.#budget < 1 || this.#isHopeless()) return false;
    const pauseMs = Math.min(pauseMsMax, firstPauseMs * 2 ** (tries - 1)) * (0.5 + this.#random.fraction() / 2);
    const isLate = ctx.deadline !== undefined && this.#clock.monotonic() + pauseMs >= ctx.deadline;
    if (isLate) return false;
    this.#budget--;
    await sleep(ctx, this.#clock, pauseMs);
    return true;
  }
}

/** What a broken connection looks like depends on where it broke: INTERNAL and UNKNOWN get a second try too. */
function mayPass({ code }: Failure, tries: number): boolean {
  if (code === 'unavailable' || code === 'resource_exhausted' || code === 'aborted') return true;
  return (code === 'internal' || code === 'unknown' || code === 'data_loss') && tries === 1;
}
