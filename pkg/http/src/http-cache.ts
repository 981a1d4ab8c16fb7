import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Codecs } from '@gorego/compression';
import type { DigestFunctionName } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Clock, Disk, Random } from '@gorego/platform';
import type { Observer } from '@gorego/rpc';
import { type Activity, DigestFunctions, type HashNamed, type Instances } from '@gorego/server';
import { endlessRoom, type References, type Room } from '@gorego/storage';
import { ActionResults } from './action-results.ts';
import { cas } from './cas.ts';
import { Exchange } from './exchange.ts';
import { isForHash, isHashName, type SizeOf } from './hash-names.ts';
import { KnownSizes } from './known-sizes.ts';
import { nx } from './nx.ts';
import { plainValues } from './plain-values.ts';
import { Scratches } from './scratch.ts';
import type { Store } from './store.ts';
import { turborepo } from './turborepo.ts';
import { Values } from './values.ts';

export interface HttpCacheInit {
  readonly instances: Instances;
  readonly digestFunctions: readonly DigestFunctionName[];
  readonly references: References;
  /** How large a blob in tier 1 is. */
  readonly sizeOf: SizeOf;
  /** Where bodies may lie while they come, in its folder `scratchFolder`, which exists. */
  readonly disk: Disk;
  readonly scratchFolder: string;
  /** For that; endless unless given. */
  readonly room?: Room;
  readonly random: Random;
  readonly clock: Clock;
  readonly activity: Activity;
  /** Is told of each request as of a call: `/http.PUT`. */
  readonly observer?: Observer;
  readonly codecs: Codecs;
  /** The largest body that is taken, bytes: more could never be kept. */
  readonly bytesMax: number;
}

/** Where a path may turn out to belong to a protocol. */
const landmarks: ReadonlySet<string> = new Set(['v8', 'v1', 'cas', 'ac']);

/** The cache for clients that speak HTTP/1.1: which protocol a path belongs to is decided here. */
export class HttpCache {
  readonly #store: Store;
  readonly #actionResults: ActionResults;
  readonly #observer: Observer | undefined;

  constructor(init: HttpCacheInit) {
    const { instances, digestFunctions, references, sizeOf, clock, activity, codecs, bytesMax } = init;
    this.#store = {
      ...{ instances, references, sizeOf, clock, activity, codecs, bytesMax },
      functions: new DigestFunctions(digestFunctions),
      sizes: new KnownSizes(),
      values: new Values(instances),
      scratches: new Scratches(init.disk, init.random, init.scratchFolder, init.room ?? endlessRoom),
    };
    this.#actionResults = new ActionResults(this.#store);
    this.#observer = init.observer;
  }

  /** For the gRPC side: what it must be told, and may ask. */
  get hashNamed(): HashNamed {
    return this.#actionResults;
  }

  /** Takes every request. */
  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    using exchange = new Exchange(request, response);
    const { clock } = this.#store;
    const startedMs = clock.monotonic();
    let failure: unknown;
    try {
      await this.#route(exchange);
    } catch (reason) {
      failure = reason;
      exchange.fail(reason instanceof Failure ? reason : new Failure('internal', 'internal error'));
    }
    this.#observer?.onCallEnd?.({
      path: `/http.${exchange.method}`,
      caller: exchange.caller,
      ms: clock.monotonic() - startedMs,
      code: failure === undefined ? 'ok' : failure instanceof Failure ? failure.code : 'internal',
      failure,
    });
  };

  #route(exchange: Exchange): Promise<void> {
    const { segments } = exchange.target;
    for (const [i, segment] of segments.entries()) {
      if (!landmarks.has(segment)) continue;
      const [instance, rest] = [segments.slice(0, i).join('/'), segments.slice(i + 1)];
      if (segment === 'v8' && rest[0] === 'artifacts' && rest.length <= 2) {
        return turborepo(exchange, instance, rest[1], this.#store);
      }
      if (segment === 'v1' && rest[0] === 'cache' && rest[1] !== undefined && rest.length === 2) {
        return nx(exchange, instance, rest[1], this.#store);
      }
      if (!isForHash(rest)) continue;
      if (segment === 'cas') return cas(exchange, instance, rest, this.#store);
      if (segment === 'ac' && isHashName(rest, this.#store.functions)) {
        return this.#actionResults.handle(exchange, instance, rest); // ccache has folders `ac` of its own.
      }
    }
    return plainValues(exchange, this.#store);
  }
}
