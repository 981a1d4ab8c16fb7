import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Codecs } from '@gorego/compression';
import type { Config } from '@gorego/config';
import { background, type Context, type Tasks } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { type Near, type ProxyObserver, ProxyStore, RemoteStore, upstreamHeaders } from '@gorego/proxy';
import { defaultLimits, GrpcJsClient, parseAddress, type Tls } from '@gorego/rpc';
import type { Health } from '@gorego/server';
import type { References } from '@gorego/storage';
import type { Logger, Metrics } from '@gorego/telemetry';
import type { Surroundings } from './surroundings.ts';
import { TokenFile } from './token-file.ts';

/** The name under which health tells of the backing cache. */
export const backingCacheService = 'gorego.backing_cache';

export interface BackingCacheInit extends Surroundings {
  readonly config: Config['backingCache'];
  readonly target: string;
  readonly near: Near;
  readonly references: References;
  readonly tasks: Tasks;
  readonly metrics: Metrics;
  readonly codecs: Codecs;
  /** Set once there are services whose health there is to tell. */
  readonly healthOf: () => Health | undefined;
}

/** Tier 2, and the proxy that puts tier 1 before it. */
export interface BackingCache extends Disposable {
  readonly proxy: ProxyStore;
  readonly remote: RemoteStore;
}

/** Makes the client of the backing cache and the proxy before it. Asks nothing: a cache that is down is no obstacle. */
export function backingCache(init: BackingCacheInit): BackingCache {
  const { config, target, near, references, clock, random, tasks, log, metrics, codecs, healthOf } = init;
  const ctx: Context = background();
  const stack = new DisposableStack();
  const token = tokenOf(init, stack);
  const client = stack.use(
    new GrpcJsClient({
      clock,
      ...parseAddress(target.slice(target.indexOf('//') + 2)),
      tls: target.startsWith('grpcs:') ? tlsOf(init) : undefined,
      connections: config.connections,
      headersOf: upstreamHeaders({ headers: config.headers, token }),
      receiveWindowBytes: defaultLimits.receiveWindowBytes,
    }),
  );
  const tell = (isUp: boolean): void => {
    metrics.backingCacheUp.set(isUp ? 1 : 0);
    healthOf()?.setPart(backingCacheService, isUp);
  };
  const remote = stack.use(
    new RemoteStore({
      ...{ client, clock, random, tasks, ctx },
      instancePrefix: config.instanceName,
      concurrentCallsMax: config.maxConcurrentRequests,
      zstd: config.compression === 'zstd' ? codecs.zstd : undefined,
      observer: {
        onOpen: (why) => {
          tell(false);
          log.warn(`the backing cache ${target} is not asked for now: ${why.message}`, { target, code: why.code });
        },
        onClose: (openForMs) => {
          tell(true);
          log.info(`the backing cache ${target} answers again, after ${Math.round(openForMs / 100) / 10} s`, {
            target,
          });
        },
      },
    }),
  );
  tell(true);
  const proxy = new ProxyStore({
    ...{ near, far: remote, clock, random, tasks, references },
    observer: observing(log, metrics),
    existenceLeaseMs: config.existenceLease,
    actionLeaseMs: config.actionLease,
    localWrite: config.localWrite,
    windowBytes: config.window,
  });
  return { proxy, remote, [Symbol.dispose]: () => stack.dispose() };
}

/** What happens between the tiers, counted, and told where a person should know. */
function observing(log: Logger, metrics: Metrics): ProxyObserver {
  return {
    onNearFailure: (doing, digest, failure) => {
      metrics.nearFailures.inc({ doing });
      log.warn(`done without the local store, which failed to ${doing}: ${failure.message}`, {
        digest,
        code: failure.code,
      });
    },
    onDownload: (_digest, joined) => metrics.downloads.inc({ joined: String(joined) }),
    onRepair: (digest, failure) => {
      metrics.repairs.inc({ outcome: failure === undefined ? 'repaired' : 'failed' });
      if (failure === undefined) log.info(`the backing cache had lost ${digest}, and has it again`, { digest });
      else log.warn(`the backing cache has lost ${digest}: ${failure.message}`, { digest, code: failure.code });
    },
    onTouch: (count) => metrics.touches.inc(count),
    onStale: () => metrics.staleResults.inc(),
  };
}

function tokenOf(
  { config, clock, log, directory }: BackingCacheInit,
  stack: DisposableStack,
): () => string | undefined {
  if (config.tokenFile === undefined) return () => config.token;
  const file = stack.use(new TokenFile(resolve(directory, config.tokenFile), clock, log));
  return () => file.token;
}

function tlsOf({ config, directory }: BackingCacheInit): Tls {
  const pem = (file: string | undefined): Uint8Array | undefined => {
    if (file === undefined) return undefined;
    try {
      return readFileSync(resolve(directory, file));
    } catch (reason) {
      throw new Failure(Failure.from(reason).code, `cannot read ${file}: ${Failure.from(reason).message}`, {
        cause: reason,
      });
    }
  };
  return {
    ca: pem(config.caFile),
    certificate: pem(config.certificateFile),
    key: pem(config.keyFile),
    serverName: config.serverName,
  };
}
