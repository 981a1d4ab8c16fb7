import { resolve } from 'node:path';
import type { Config } from '@gorego/config';
import type { DigestFunctionName } from '@gorego/digest';
import { type Clock, NodeDisk, type Random } from '@gorego/platform';
import { defaultLimits, GrpcJsServer, type RpcServer } from '@gorego/rpc';
import {
  cacheServices,
  callerOf,
  DigestFunctions,
  type Health,
  type Instances,
  referencesOf,
  validInstanceName,
} from '@gorego/server';
import { completeOnly, emptyAlwaysHere, LocalStore } from '@gorego/storage';
import { Builds, CallLog, type Logger } from '@gorego/telemetry';

/** What the outside world lends the object graph. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Where relative directories are. */
  readonly directory: string;
}

/** A goREgo that serves. Disposing it cuts off whoever is still connected; `close` lets them finish. */
export interface Running extends AsyncDisposable {
  readonly rpc: RpcServer;
  readonly health: Health;
  /** The local store's directory, absolute. */
  readonly storeDirectory: string;
  /** Says NOT_SERVING, takes no new calls, and lets those under way finish, for `server.drain_timeout` at most. */
  drain(): Promise<void>;
}

/** The digest functions on offer. Others join here when @gorego/digest has them. */
const digestFunctions: readonly DigestFunctionName[] = ['sha256'];

/** Turns a configuration into the graph of objects it describes, and serves. Listening comes last. */
export async function assemble(config: Config, { clock, random, log, directory }: Surroundings): Promise<Running> {
  await using undo = new AsyncDisposableStack();
  const storeDirectory = resolve(directory, config.localStore.dir);
  const store = await LocalStore.open({
    disk: new NodeDisk(storeDirectory),
    random,
    onCorrupt: (digest, path) => log.error(`the local store held wrong bytes at ${path}`, { digest, path }),
  });
  const builds = undo.use(new Builds(clock, log));
  const { routes, health } = cacheServices({ instances: instancesOf(store), digestFunctions, activity: builds });
  const calls = new CallLog(clock, log);
  const rpc = await GrpcJsServer.listen(config.listenAddr, {
    routes,
    clock,
    limits: defaultLimits,
    callerOf,
    observer: { onCallEnd: (call) => calls.ended(call), onConnectionEnd: (peer) => builds.left(peer) },
  });
  undo.defer(() => rpc.close(0));
  health.set(true);
  const parts = undo.move();
  const drain = async (): Promise<void> => {
    health.set(false);
    await rpc.close(config.server.drainTimeout);
    await parts.disposeAsync();
  };
  return { rpc, health, storeDirectory, drain, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/** Every instance shares the blobs and has action results of its own. */
function instancesOf(store: LocalStore): Instances {
  const blobs = emptyAlwaysHere(store.blobs);
  const references = referencesOf(new DigestFunctions(digestFunctions));
  return (name) => ({
    name: validInstanceName(name),
    blobs,
    actions: completeOnly(store.actions(name), blobs, references),
  });
}
