import { EventEmitter } from 'node:events';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import CircuitBreaker from 'opossum';

/** The window in which faults are weighed against successes: that many buckets of a second each. */
const windowBuckets = 10;
const bucketMs = 1000;

/** The circuit opens when more than this share of a window's calls failed, once there were enough to judge by. */
const faultsPercentMax = 50;
const callsToJudge = 5;

/** How often an open circuit is tried. One probe at a time is all that reaches the upstream then. */
const probeEveryMs = 1000;

export interface CircuitInit {
  readonly clock: Clock;
  /** Asks the upstream something small, with a time limit of its own. Its success closes an open circuit. */
  readonly probe: () => Promise<void>;
  readonly onOpen?: (why: Failure) => void;
  readonly onClose?: (openForMs: number) => void;
}

/**
 * Whether it is worth asking. Faults are weighed by opossum; while the circuit is open every attempt fails at once with
 * `unavailable`, and a probe each second finds out when to close it. Time is the injected clock's.
 */
export class Circuit implements Disposable {
  readonly #init: CircuitInit;
  readonly #breaker: CircuitBreaker<[Attempt], unknown>;
  readonly #rotation = new EventEmitter();
  #stopRotation: () => void = () => {};
  #stopProbe: () => void = () => {};
  #open: { readonly sinceMs: number; readonly why: Failure } | undefined;

  constructor(init: CircuitInit) {
    this.#init = init;
    this.#breaker = new CircuitBreaker((attempt: Attempt) => attempt(), {
      timeout: false,
      errorThresholdPercentage: faultsPercentMax,
      volumeThreshold: callsToJudge,
      rollingCountBuckets: windowBuckets,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: this.#rotation,
      resetTimeout: 2 ** 31 - 1, // Never by itself: the probe decides.
    });
    this.#rotate();
  }

  /** Why nothing is asked now; undefined while the circuit is closed. */
  get why(): Failure | undefined {
    return this.#open?.why;
  }

  /** Refuses at once while the circuit is open. */
  check(): void {
    if (this.#open === undefined) return;
    throw new Failure('unavailable', `not asked, it has been failing: ${this.#open.why.message}`);
  }

  succeeded(): void {
    void this.#breaker.fire(async () => {}).catch(() => {}); // It may have been shut down.
  }

  /** Something went wrong that is the upstream's own fault. */
  failed(why: Failure): void {
    if (this.#open !== undefined) return;
    const failing = async (): Promise<never> => {
      throw why;
    };
    void this.#breaker.fire(failing).catch(() => {
      if (this.#breaker.opened && !this.#breaker.isShutdown) this.open(why);
    });
  }

  /** Opens the circuit, whatever the statistics say. */
  open(why: Failure): void {
    if (this.#open !== undefined) return;
    this.#open = { sinceMs: this.#init.clock.monotonic(), why };
    this.#breaker.open();
    this.#init.onOpen?.(why);
    this.#probeLater();
  }

  [Symbol.dispose](): void {
    this.#stopRotation();
    this.#stopProbe();
    this.#breaker.shutdown();
  }

  #probeLater(): void {
    this.#stopProbe = this.#init.clock.after(probeEveryMs, () => {
      this.#init.probe().then(
        () => this.#close(),
        () => this.#probeLater(),
      );
    });
  }

  #close(): void {
    if (this.#open === undefined || this.#breaker.isShutdown) return;
    const openForMs = this.#init.clock.monotonic() - this.#open.sinceMs;
    this.#open = undefined;
    for (let i = 0; i < windowBuckets; i++) this.#rotation.emit('rotate'); // What went wrong before is forgiven.
    this.#breaker.close();
    this.#init.onClose?.(openForMs);
  }

  #rotate(): void {
    this.#stopRotation = this.#init.clock.after(bucketMs, () => {
      this.#rotation.emit('rotate');
      this.#rotate();
    });
  }
}

type Attempt = () => Promise<unknown>;
