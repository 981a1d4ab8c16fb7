import { type Context, nobody, Scope, sleep, throwIfEnded, unlessEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import {
  type Call,
  type LentMessage,
  type Message,
  piecesOf,
  type Route,
  type Routes,
  type RpcClient,
} from '@gorego/rpc';
import type { SeededRandom } from './seeded-random.ts';

export interface NetworkFaults {
  /** The longest that one message travels. Milliseconds. */
  readonly slowestMs: number;
  /** How probable it is that a call is refused. */
  readonly refuses: number;
  /** That a call breaks off, at each message. */
  readonly cuts: number;
  /** That an answer is nonsense. */
  readonly garbage: number;
  /** When nothing arrives, in either direction, and nobody is told. Milliseconds of the clock, from and to. */
  readonly blackholes: readonly (readonly [from: number, to: number])[];
  /** When every call is refused at once. */
  readonly outages: readonly (readonly [from: number, to: number])[];
}

export const kindNetwork: NetworkFaults = {
  slowestMs: 5,
  refuses: 0,
  cuts: 0,
  garbage: 0,
  blackholes: [],
  outages: [],
};

/** A connection on which something was lost is found dead that much later, by its keepalive. Milliseconds. */
const noticedAfterMs = 25_000;

/** Calls a server's routes over a network that may do to messages whatever networks do. */
export class SimulatedNetwork implements RpcClient {
  readonly #routes: Routes;
  readonly #random: SeededRandom;
  readonly #clock: Clock;
  readonly #faults: NetworkFaults;
  /** Calls made, by method. */
  readonly calls: Map<string, number> = new Map();
  /** Calls that are being answered, by method. */
  readonly open: Set<{ readonly path: string }> = new Set();

  constructor(routes: Routes, random: SeededRandom, clock: Clock, faults: NetworkFaults) {
    this.#routes = routes;
    this.#random = random;
    this.#clock = clock;
    this.#faults = faults;
  }

  reconnect(): void {}

  async unary(ctx: Context, path: string, request: Message): Promise<Uint8Array> {
    using call = await this.#begin(ctx, path);
    const route = this.#routeOf(path, 'unary');
    const response = await unlessEnded(call, route.handle(call, flat(request)));
    await this.#travel(ctx);
    return this.#mayScramble(flat(response));
  }

  async *serverStream(ctx: Context, path: string, request: Message): AsyncGenerator<Uint8Array> {
    using call = await this.#begin(ctx, path);
    for await (const response of this.#routeOf(path, 'serverStream').handle(call, flat(request))) {
      await this.#travel(ctx);
      yield this.#mayScramble(flat(response));
    }
    await this.#travel(ctx);
  }

  async clientStream(ctx: Context, path: string, requests: AsyncIterable<Message>): Promise<Uint8Array> {
    using call = await this.#begin(ctx, path);
    const travelling = async function* (this: SimulatedNetwork): AsyncGenerator<Uint8Array> {
      for await (const request of requests) {
        await this.#travel(ctx);
        yield flat(request);
      }
    };
    const sent = travelling.call(this);
    try {
      const response = await unlessEnded(call, this.#routeOf(path, 'clientStream').handle(call, sent));
      await this.#travel(ctx);
      return this.#mayScramble(flat(response));
    } finally {
      await sent.return(undefined);
    }
  }

  async #begin(ctx: Context, path: string): Promise<Call & Disposable> {
    this.calls.set(path, (this.calls.get(path) ?? 0) + 1);
    if (this.#isNow(this.#faults.outages) || this.#random.chance(this.#faults.refuses)) {
      throw new Failure('unavailable', 'connection refused (simulated)');
    }
    await this.#travel(ctx);
    const call = new SimulatedCall({ parent: ctx, caller: nobody });
    const entry = { path };
    this.open.add(entry);
    call.onEnd(() => this.open.delete(entry));
    return call;
  }

  /** One message on its way. */
  async #travel(ctx: Context): Promise<void> {
    await sleep(ctx, this.#clock, this.#random.between(0, this.#faults.slowestMs));
    if (this.#isNow(this.#faults.blackholes)) {
      await sleep(ctx, this.#clock, noticedAfterMs); // What was lost stays lost.
      throw new Failure('unavailable', 'connection dropped (simulated)');
    }
    if (this.#isNow(this.#faults.outages) || this.#random.chance(this.#faults.cuts)) {
      throw new Failure('unavailable', 'connection reset (simulated)');
    }
    throwIfEnded(ctx);
  }

  #mayScramble(bytes: Uint8Array): Uint8Array {
    if (!this.#random.chance(this.#faults.garbage)) return bytes;
    // Nothing that could be a message: against a well-formed lie no client can do anything.
    return Buffer.concat([Buffer.of(0xff), this.#random.bytes(this.#random.between(1, 40)), Buffer.of(0x07)]);
  }

  #isNow(periods: readonly (readonly [number, number])[]): boolean {
    return periods.some(([from, to]) => this.#isBetween(from, to));
  }

  #isBetween(from: number, to: number): boolean {
    const now = this.#clock.monotonic();
    return now >= from && now < to;
  }

  #routeOf<Kind extends Route['kind']>(path: string, kind: Kind): Extract<Route, { kind: Kind }> {
    const route = this.#routes[path];
    if (route?.kind !== kind) throw new Failure('unimplemented', `${path} (simulated)`);
    return route as Extract<Route, { kind: Kind }>;
  }
}

class SimulatedCall extends Scope implements Call {
  readonly headers = { text: () => undefined, binary: () => undefined };
}

/** A copy of a message whose bytes are lent: its owner has them back at once. */
function flat(message: Message | LentMessage): Uint8Array {
  if (message instanceof Uint8Array) return message;
  const whole = Buffer.concat(piecesOf(message));
  if ('onSent' in message) message.onSent();
  return whole;
}
