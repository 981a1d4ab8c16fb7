import { type Context, Scope, type Slots } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Message, RpcClient } from '@gorego/rpc';
import type { Circuit } from './circuit.ts';
import type { SilenceWatch } from './silence-watch.ts';

export interface Guards {
  readonly circuit: Circuit;
  readonly watch: SilenceWatch;
  readonly slots: Slots;
}

/**
 * A client that doesn't ask while the circuit is open, holds no more calls than its slots, and lets go of calls that wait
 * when the circuit opens. It tells the circuit what each call taught: the upstream's own faults, and nothing of clients
 * that leave, of blobs that aren't there, or of uploads whose giver failed.
 */
export class GuardedClient implements RpcClient {
  readonly #inner: RpcClient;
  readonly #guards: Guards;
  readonly #underWay = new Set<Scope>();
  #ended: Failure | undefined;

  constructor(inner: RpcClient, guards: Guards) {
    this.#inner = inner;
    this.#guards = guards;
  }

  /** Ends every call that is under way, and those to come: a retry may still be waiting for its turn. */
  end(why: Failure): void {
    this.#ended = why;
    this.abandon(why);
  }

  /** Ends every call that is under way. */
  abandon(why: Failure): void {
    for (const scope of this.#underWay) scope.cancel(why);
  }

  async unary(ctx: Context, path: string, request: Message): Promise<Uint8Array> {
    using call = await this.#begin(ctx);
    const stopWaiting = this.#guards.watch.wait();
    try {
      const response = await this.#inner.unary(call.scope, path, request);
      this.#guards.watch.heard();
      this.#guards.circuit.succeeded();
      return response;
    } catch (reason) {
      throw this.#judged(ctx, reason);
    } finally {
      stopWaiting();
    }
  }

  async *serverStream(ctx: Context, path: string, request: Message): AsyncGenerator<Uint8Array> {
    using call = await this.#begin(ctx);
    // The upstream is waited for from when a response is asked for until it is here: not while the reader is busy.
    let stopWaiting = this.#guards.watch.wait();
    let hasGiven = false;
    try {
      for await (const response of this.#inner.serverStream(call.scope, path, request)) {
        this.#guards.watch.heard();
        stopWaiting();
        hasGiven = true;
        yield response;
        stopWaiting = this.#guards.watch.wait();
      }
      this.#guards.watch.heard();
      this.#guards.circuit.succeeded();
    } catch (reason) {
      // What breaks after it gave something can be gone on with: whether asking is worth it shows in the next call.
      throw this.#judged(ctx, reason, { isVerdict: !hasGiven });
    } finally {
      stopWaiting();
    }
  }

  async clientStream(ctx: Context, path: string, requests: AsyncIterable<Message>): Promise<Uint8Array> {
    using call = await this.#begin(ctx);
    const giver = new Giver(requests, this.#guards.watch);
    try {
      const response = await this.#inner.clientStream(call.scope, path, giver.messages());
      this.#guards.watch.heard();
      this.#guards.circuit.succeeded();
      return response;
    } catch (reason) {
      if (giver.failed === reason) throw reason;
      throw this.#judged(ctx, reason);
    } finally {
      giver.stopWaiting();
    }
  }

  async #begin(ctx: Context): Promise<{ readonly scope: Scope } & Disposable> {
    const { circuit, slots } = this.#guards;
    if (this.#ended !== undefined) throw this.#ended;
    circuit.check();
    const slot = await slots.take(ctx);
    const scope = new Scope({ parent: ctx });
    this.#underWay.add(scope);
    const end = (): void => {
      this.#underWay.delete(scope);
      scope[Symbol.dispose]();
      slot[Symbol.dispose]();
    };
    try {
      circuit.check(); // It may have opened meanwhile.
    } catch (reason) {
      end();
      throw reason;
    }
    return { scope, [Symbol.dispose]: end };
  }

  /** What to throw, after the circuit has learnt from it. */
  #judged(ctx: Context, reason: unknown, { isVerdict } = { isVerdict: true }): unknown {
    if (ctx.ended !== undefined) return ctx.ended;
    if (!(reason instanceof Failure) || !isVerdict) return reason;
    if (isFault(reason)) this.#guards.circuit.failed(reason);
    else if (reason.code !== 'cancelled' && reason.code !== 'deadline_exceeded') {
      this.#guards.watch.heard();
      this.#guards.circuit.succeeded(); // It answered; what it said is no fault of its health.
    }
    return reason;
  }
}

/** Is this the upstream's own doing? A refusal for a reason, a limit, or a time that the caller set is not. */
function isFault({ code }: Failure): boolean {
  return code === 'unavailable' || code === 'internal' || code === 'unknown';
}

/** Requests on their way up: whoever is slow or fails while one is being made is the giver, not the upstream. */
class Giver {
  failed: unknown;
  stopWaiting: () => void = () => {};
  readonly #requests: AsyncIterable<Message>;
  readonly #watch: SilenceWatch;

  constructor(requests: AsyncIterable<Message>, watch: SilenceWatch) {
    this.#requests = requests;
    this.#watch = watch;
  }

  async *messages(): AsyncGenerator<Message> {
    try {
      for await (const request of this.#requests) {
        this.stopWaiting = this.#watch.wait();
        yield request;
        this.stopWaiting();
      }
    } catch (reason) {
      this.failed = reason;
      throw reason;
    }
    this.stopWaiting = this.#watch.wait();
  }
}
