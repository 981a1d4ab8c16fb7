import { type Context, unlessEnded } from '@gorego/context';
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
 * Whether this process serves: the whole of it, under the empty name, and each service under its own. Everything is
 * NOT_SERVING until `set`.
 */
export class Health {
  readonly #services: readonly string[];
  #isServing = false;
  #changed = Promise.withResolvers<void>();

  constructor(services: readonly string[]) {
    this.#services = ['', ...services];
  }

  set(isServing: boolean): void {
    this.#isServing = isServing;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
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
        statuses: new Map(this.#services.map((name) => [name, { status: this.#status }])),
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
    return this.#services.includes(name) ? this.#status : undefined;
  }

  /** The status now and whenever it changes, until the client leaves. */
  async *#watch(ctx: Context, name: string): AsyncGenerator<HealthCheckResponse> {
    for (let last: Serving | undefined; ; ) {
      const changed = this.#changed.promise;
      const status = this.#statusOf(name) ?? Serving.SERVICE_UNKNOWN;
      if (status !== last) yield { status };
      last = status;
      await unlessEnded(ctx, changed);
    }
  }
}
