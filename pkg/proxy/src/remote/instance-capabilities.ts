import type { Tasks } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import type { ServerCapabilities } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';

/** How long is waited for an answer that nobody has had yet. */
const patienceMs = 300;

/** How often the upstream is asked again of an instance, if anybody wants to know; sooner while it has said nothing. */
const refreshMs = 5 * 60_000;
const repeatMs = 2000;

/** Instances that are remembered. Beyond it, that which was asked about first is forgotten. */
const instancesMax = 1000;

export interface InstanceCapabilitiesInit {
  readonly clock: Clock;
  readonly tasks: Tasks;
  /** Asks the upstream. Must end by itself. */
  readonly ask: (instance: string) => Promise<ServerCapabilities>;
}

/** What was said of one instance, last, and when it was asked for. */
interface Known {
  said: ServerCapabilities | undefined;
  askedMs: number;
  answered: Promise<void>;
}

/** What an upstream says of each instance by itself: it may let us write to some and not to others. */
export class InstanceCapabilities {
  readonly #init: InstanceCapabilitiesInit;
  readonly #known = new Map<string, Known>();

  constructor(init: InstanceCapabilitiesInit) {
    this.#init = init;
  }

  /** Undefined if the upstream has not said; waits 0.3 s for it at most, and never while it is known to be away. */
  async of(instance: string): Promise<ServerCapabilities | undefined> {
    const { clock } = this.#init;
    const known = this.#known.get(instance) ?? this.#remember(instance);
    const isOld = clock.monotonic() - known.askedMs >= (known.said === undefined ? repeatMs : refreshMs);
    if (isOld) this.#ask(instance, known);
    if (known.said === undefined) await withPatience(clock, known.answered);
    return known.said;
  }

  #remember(instance: string): Known {
    const known = { said: undefined, askedMs: Number.NEGATIVE_INFINITY, answered: Promise.resolve() };
    this.#known.set(instance, known);
    if (this.#known.size > instancesMax) this.#known.delete(this.#known.keys().next().value as string);
    return known;
  }

  #ask(instance: string, known: Known): void {
    const { clock, tasks, ask } = this.#init;
    const { promise, resolve } = Promise.withResolvers<void>();
    known.askedMs = clock.monotonic();
    known.answered = promise;
    tasks.spawn('ask the backing cache what it can do', async () => {
      try {
        known.said = await ask(instance);
      } catch (reason) {
        if (!(reason instanceof Failure)) throw reason; // A failure leaves what was said before.
      } finally {
        resolve();
      }
    });
  }
}

async function withPatience(clock: Clock, answered: Promise<void>): Promise<void> {
  const { promise: tooLong, resolve } = Promise.withResolvers<void>();
  const stop = clock.after(patienceMs, resolve);
  await Promise.race([answered, tooLong]);
  stop();
}
