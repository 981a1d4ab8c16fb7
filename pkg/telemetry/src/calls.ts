import type { Caller } from '@gorego/context';
import { type Code, Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import type { Fields, Logger } from './logger.ts';

/** A call that took longer than this is worth a line, whatever came of it. */
const slowMs = 10_000;

/** Lines about calls in one second; what is more is counted, and told of in one line. */
const linesPerSecondMax = 20;

/** A call that is over. */
export interface EndedCall {
  readonly path: string;
  readonly caller: Caller;
  readonly ms: number;
  readonly code: 'ok' | Code;
  /** What was thrown: a bug if it is no Failure. */
  readonly failure: unknown;
}

/** Says a line about each call that failed or was slow, and none about the others. A storm of them is summed up. */
export class CallLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  #second = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #unsaid = 0;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  ended(call: EndedCall): void {
    const level = levelOf(call);
    if (level === undefined || !this.#mayLog()) return;
    const { path, caller, ms, failure } = call;
    const method = path.slice(path.lastIndexOf('.') + 1);
    const why = failure === undefined ? 'was slow' : `failed: ${describe(failure)}`;
    this.#log[level](`${method} ${why}`, {
      ...fieldsOf(caller),
      code: call.code,
      ms: Math.round(ms),
    });
  }

  #mayLog(): boolean {
    const second = Math.floor(this.#clock.monotonic() / 1000);
    if (second !== this.#second) {
      if (this.#unsaid > 0) this.#log.warn(`${this.#unsaid} more calls failed or were slow`, { calls: this.#unsaid });
      this.#second = second;
      this.#lines = 0;
      this.#unsaid = 0;
    }
    if (this.#lines >= linesPerSecondMax) {
      this.#unsaid++;
      return false;
    }
    this.#lines++;
    return true;
  }
}

/** Whose fault decides how loud: the server's own failures are warnings, a client's mistakes information. */
function levelOf({ code, ms, failure }: EndedCall): 'info' | 'warn' | 'error' | undefined {
  if (failure !== undefined && !(failure instanceof Failure)) return 'error';
  switch (code) {
    case 'ok':
    case 'not_found':
    case 'cancelled':
      return ms > slowMs ? 'info' : undefined;
    case 'invalid_argument':
    case 'already_exists':
    case 'permission_denied':
    case 'failed_precondition':
    case 'aborted':
    case 'out_of_range':
    case 'unimplemented':
    case 'unauthenticated':
    case 'deadline_exceeded':
      return 'info';
    case 'unknown':
    case 'resource_exhausted':
    case 'internal':
    case 'unavailable':
    case 'data_loss':
      return 'warn';
    default:
      return code satisfies never;
  }
}

function describe(failure: unknown): string {
  if (failure instanceof Failure) return `${failure.code}: ${failure.message}`;
  return `a bug: ${Error.isError(failure) ? failure.stack : String(failure)}`;
}

function fieldsOf(caller: Caller): Fields {
  return Object.fromEntries(Object.entries(caller).filter(([, value]) => value !== ''));
}
