import { join, resolve } from 'node:path';
import { codecs } from '@gorego/compression';
import type { Config } from '@gorego/config';
import { background, TaskGroup } from '@gorego/context';
import { HttpCache, type Operations, operations } from '@gorego/http';
import { NodeDisk } from '@gorego/platform';
import {
  defaultLimits,
  grpcWeb,
  Http2Server,
  type HttpHandler,
  HttpServer,
  type HttpServerInit,
  type Observer,
  type RpcServer,
} from '@gorego/rpc';
import {
  type Activity,
  cacheServices,
  callerOf,
  DigestFunctions,
  type Health,
  referencesOf,
  Uploads,
} from '@gorego/server';
import type { LocalStore } from '@gorego/storage';
import { Builds, CallLog, Metrics } from '@gorego/telemetry';
import { appraising } from './appraising.ts';
import { type BackingCache, backingCache } from './backing-cache.ts';
import { type ChunkedNear, chunkedNear } from './chunked-near.ts';
import { instancePattern } from './instance-pattern.ts';
import { instancesOf, nearChosenBy, type SeparateStore, separateDirectory } from './instances.ts';
import { type NearStore, nearStore } from './near-store.ts';
import { offeredFunctions } from './offered-functions.ts';
import { remoteAssets } from './remote-assets.ts';
import type { Kept } from './store-commands.ts';
import { lockStore } from './store-control.ts';
import { comparing } from './store-observer.ts';
import type { Surroundings } from './surroundings.ts';
import { writersOf } from './writers.ts';

/** A goREgo that serves. Disposing it cuts off whoever is still connected; `drain` lets them finish. */
export interface Running extends AsyncDisposable {
  readonly rpc: RpcServer;
  readonly http: HttpServer | undefined;
  readonly health: Health;
  /** The local store's directory, absolute. */
  readonly storeDirectory: string;
  /** Says NOT_SERVING, takes no new calls, and lets those under way finish, for `server.drain_timeout` at most. */
  drain(): Promise<void>;
}

/** Turns a configuration into the graph of objects it describes, and serves. Listening comes last. */
export async function assemble(config: Config, surroundings: Surroundings): Promise<Running> {
  const { clock, random, log, directory } = surroundings;
  const digestFunctions = offeredFunctions(config.digestFunctions, log);
  await using undo = new AsyncDisposableStack();
  const storeDirectory = resolve(directory, config.localStore.dir);
  const disk = new NodeDisk(storeDirectory);
  const metrics = new Metrics({ isProcess: true });
  const tasks = undo.use(
    new TaskGroup(background(), (name, { code, message }) => log.warn(`${name}: ${message}`, { code })),
  );
  const functions = new DigestFunctions(digestFunctions);
  const references = referencesOf(functions);
  const allow = config.instances.allow?.map(instancePattern);
  const openStore = async (at: NodeDisk): Promise<{ near: ChunkedNear } & Pick<NearStore, 'store' | 'janitor'>> => {
    let kept: Kept | undefined;
    undo.use(await lockStore(at.path, () => kept));
    const { store, janitor } = undo.use(await nearStore({ ...surroundings, config, disk: at, tasks, metrics }));
    kept = { store, janitor, clock };
    const near = chunkedNear(store);
    return { near: config.janitor.policy === 'value' ? appraising(near, store, references) : near, store, janitor };
  };
  const { near, store, janitor: room } = await openStore(disk);
  const separate: SeparateStore<ChunkedNear>[] = [];
  for (const pattern of config.instances.separate?.map(instancePattern) ?? []) {
    const { near } = await openStore(new NodeDisk(join(disk.path, separateDirectory(pattern))));
    separate.push({ pattern, near });
  }
  const nearOf = nearChosenBy(near, separate);
  let health: Health | undefined;
  const shared = { codecs: codecs() };
  const { target } = config.backingCache;
  const far =
    target === undefined
      ? undefined
      : undo.use(
          backingCache({
            ...surroundings,
            ...{ config: config.backingCache, target, near, references, tasks, metrics, ...shared },
            healthOf: () => health,
          }),
        );
  const builds = undo.use(new Builds(clock, log));
  const instances = instancesOf({ nearOf, allow, writers: writersOf(config.writers), far, references });
  const activity = watching(builds, metrics);
  const onConnectionEnd = (peer: string): void => builds.left(peer);
  const calls = new CallLog(clock, log);
  const onBug = (reason: unknown): void => log.error(`a bug: ${String(reason)}`);
  const observer: Observer = {
    onCallEnd: (call) => {
      calls.ended(call);
      metrics.calls.inc({ method: call.path.slice(call.path.lastIndexOf('.') + 1), code: call.code });
    },
    onConnectionEnd,
    onBug,
  };
  const httpCache = new HttpCache({
    ...{ instances, digestFunctions, references, disk, random, clock, activity, observer, room },
    ...shared,
    sizeOf: (ctx, instance, name, hex) => nearOf(instance).blobs.sizeOf(ctx, name, hex),
    scratchFolder: 'tmp',
    bytesMax: config.janitor.maxSize,
  });
  const assets = undo.use(
    await remoteAssets({
      ...{ ...surroundings, config: config.remoteAsset, instances, functions, references, disk, metrics },
      ...shared,
      near: near.blobs,
    }),
  );
  const services = cacheServices({
    instances,
    uploads: new Uploads({ clock, tasks, windowMs: config.server.uploadResumeWindow }),
    digestFunctions,
    activity,
    hashNamed: httpCache.hashNamed,
    ...shared,
    others: assets,
    upstream: async (instance) => far?.remote.capabilitiesOf(instance),
  });
  health = services.health;
  if (far !== undefined) health.setPart('gorego.backing_cache', far.remote.outage === undefined);

  const readiness = readinessOf(services.health, far, store);
  const rpcInit = { routes: services.routes, clock, limits: defaultLimits, callerOf, observer };
  const pages = grpcWeb({ ...rpcInit, allowedOrigins: config.server.allowedOrigins ?? [] });
  const httpInit = (first: HttpHandler): HttpServerInit => ({
    ...{ clock, onBug, onConnectionEnd, handlers: [first, pages, httpCache.handle] },
  });
  const http1 = new HttpServer(httpInit(operations({ readiness })));
  undo.defer(() => http1.close(0));
  const rpc = await Http2Server.listen(config.listenAddr, { ...rpcInit, http1 });
  undo.defer(() => rpc.close(0));
  const http =
    config.httpListenAddr === undefined
      ? undefined
      : await HttpServer.listen(
          config.httpListenAddr,
          httpInit(operations({ metrics: () => metrics.text(), readiness })),
        );
  if (http !== undefined) undo.defer(() => http.close(0));

  services.health.set(true);
  const parts = undo.move();
  const drain = async (): Promise<void> => {
    services.health.set(false);
    await Promise.all([rpc.close(config.server.drainTimeout), http?.close(config.server.drainTimeout)]);
    await parts.disposeAsync();
  };
  return {
    rpc,
    http,
    health: services.health,
    storeDirectory,
    drain,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

function watching(builds: Builds, metrics: Metrics): Activity {
  return {
    hit: (caller) => {
      builds.hit(caller);
      metrics.actions.inc({ outcome: 'hit' });
    },
    miss: (caller) => {
      builds.miss(caller);
      metrics.actions.inc({ outcome: 'miss' });
    },
    served: (caller, bytes) => {
      builds.served(caller, bytes);
      metrics.blobBytes.inc({ direction: 'served' }, bytes);
    },
    stored: (caller, bytes) => {
      builds.stored(caller, bytes);
      metrics.blobBytes.inc({ direction: 'stored' }, bytes);
    },
  };
}

/** What a probe is told; it says too what is degraded. */
function readinessOf(health: Health, far: BackingCache | undefined, near: LocalStore): Operations['readiness'] {
  return () => {
    if (!health.isServing) return { isReady: false, message: 'draining' };
    const outage = far?.remote.outage;
    if (outage !== undefined) return { isReady: true, message: `degraded: the backing cache ${outage.message}` };
    const { comparedShare } = near;
    return { isReady: true, message: comparedShare === undefined ? 'ready' : `ready; ${comparing(comparedShare)}` };
  };
}
