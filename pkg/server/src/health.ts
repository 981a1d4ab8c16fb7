import { type Context, throwIfEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { methodPath } from '@gorego/proto';
import {
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus as Serving,
  HealthDefinition as service,
} from '@gorego/proto/grpc/health/v1/health';
import type { Routes } from '@gorego/rpc';
import { serverStream, unary } from './method.ts';

/**
 * Whether this process serves: the whole of it, under the empty name, and each service under its own; and whether what
 * it depends on does, under names of their own, so that a probe can tell dead from degraded. Everything is NOT_SERVING
 * until `set`.
 */
export class Health {
  readonly #services: readonly string[];
  readonly #parts = new Map<string, boolean>();
  readonly #watchers = new Set<() => void>();
  #isServing = false;

  constructor(services: readonly string[]) {
    this.#services = ['', ...services];
  }

  set(isServing: boolean): void {
    this.#isServing = isServing;
    this.#tell();
  }

  /** Something this process depends on, and does not end with. */
  setPart(name: string, isServing: boolean): void {
    this.#parts.set(name, isServing);
    this.#tell();
  }

  get isServing(): boolean {
    return this.#isServing;
  }

  #tell(): void {
    for (const wake of this.#watchers) wake();
  }

  get routes(): Routes {
    const { methods } = service;
    return {
      [methodPath(service, 'check')]: unary(methods.check, async (_call, request) => {
        const status = this.#statusOf(request.service);
        if (status === undefined)
          throw new Failure('not_found', `no service ${JSON.stringify(request.service.slice(0, 200))}`);
        return { status };
      }),
      [methodPath(service, 'list')]: unary(methods.list, async () => ({
        statuses: new Map(
          [...this.#services, ...this.#parts.keys()].map((name) => [
            name,
            { status: this.#statusOf(name) ?? Serving.UNKNOWN },
          ]),
        ),
      })),
      [methodPath(service, 'watch')]: serverStream(methods.watch, (call, request) =>
        this.#watch(call, request.service),
      ),
    };
  }

  get #status(): Serving {
    return this.#isServing ? Serving.SERVING : Serving.NOT_SERVING;
  }

  #statusOf(name: string): Serving | undefined {
    const part = this.#parts.get(name);
    if (part !== undefined) return part && this.#isServing ? Serving.SERVING : Serving.NOT_SERVING;
    return this.#services.includes(name) ? this.#status : undefined;
  }

  /** The status now and whenever it changes, until the client leaves. */
  async *#watch(ctx: Context, name: string): AsyncGenerator<HealthCheckResponse> {
    for (let last: Serving | undefined; ; ) {
      const status = this.#statusOf(name) ?? Serving.SERVICE_UNKNOWN;
      if (status === last) await this.#change(ctx);
      else yield { status };
      last = status;
    }
  }

  /** Waits for `set`. A client that leaves leaves nothing behind: most of them never see a change. */
  #change(ctx: Context): Promise<void> {
    throwIfEnded(ctx);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#watchers.add(resolve);
    const stopListening = ctx.onEnd(reject);
    return promise.finally(() => {
      this.#watchers.delete(resolve);
      stopListening();
    });
  }
}
