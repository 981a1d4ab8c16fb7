import type { Codec } from '@gorego/compression';
import { background, TaskGroup } from '@gorego/context';
import { type DigestFunctionName, digestFunctionNames } from '@gorego/digest';
import { systemClock, systemRandom } from '@gorego/platform';
import { defaultLimits, GrpcJsClient, Http2Server, type Routes } from '@gorego/rpc';
import { cacheServices, callerOf, DigestFunctions, referencesOf, validInstanceName } from '@gorego/server';
import { completeOnly, emptyAlwaysHere, MemoryActions, MemoryBlobs } from '@gorego/storage';
import { RemoteStore } from '../remote/remote-store.ts';

/** A cache on a real socket, and a RemoteStore that is its client. Disposing it ends both. */
export interface ServedUpstream extends AsyncDisposable {
  readonly blobs: MemoryBlobs;
  readonly actions: MemoryActions;
  readonly remote: RemoteStore;
  readonly tasks: TaskGroup;
  /** Calls received, by method name. */
  readonly calls: ReadonlyMap<string, number>;
}

/** `adapt` may change what the server answers, to be another kind of server. */
export async function serveUpstream(
  adapt: (routes: Routes) => Routes = (routes) => routes,
  digestFunctions: readonly DigestFunctionName[] = digestFunctionNames,
  zstd?: Codec,
): Promise<ServedUpstream> {
  const blobs = new MemoryBlobs();
  const actions = new MemoryActions();
  const complete = completeOnly(actions, emptyAlwaysHere(blobs), referencesOf(new DigestFunctions(digestFunctions)));
  const { routes } = cacheServices({
    instances: (name) => ({ name: validInstanceName(name), blobs: emptyAlwaysHere(blobs), actions: complete }),
    digestFunctions,
  });
  const calls = new Map<string, number>();
  const server = await Http2Server.listen('127.0.0.1:0', {
    routes: adapt(routes),
    clock: systemClock,
    limits: defaultLimits,
    callerOf,
    observer: {
      onCallEnd: ({ path }) => {
        const name = path.slice(path.lastIndexOf('/') + 1);
        calls.set(name, (calls.get(name) ?? 0) + 1);
      },
    },
  });
  const client = new GrpcJsClient({
    clock: systemClock,
    ...server.address,
    connections: 2,
    headersOf: () => [],
    receiveWindowBytes: 256 * 1024,
  });
  const tasks = new TaskGroup(background(), () => {});
  const remote = new RemoteStore({
    client,
    clock: systemClock,
    random: systemRandom,
    tasks,
    ctx: background(),
    instancePrefix: '',
    concurrentCallsMax: 100,
    zstd,
  });
  // What it can do is learnt beside what it is asked for; compression begins then.
  while (zstd !== undefined && remote.capabilities === undefined) await new Promise((resolve) => setImmediate(resolve));
  return {
    ...{ blobs, actions, remote, tasks, calls },
    [Symbol.asyncDispose]: async () => {
      remote[Symbol.dispose]();
      await tasks[Symbol.asyncDispose]();
      client[Symbol.dispose]();
      await server.close(0);
    },
  };
}
