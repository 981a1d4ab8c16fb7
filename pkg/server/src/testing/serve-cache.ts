import { background, TaskGroup } from '@gorego/context';
import { digestFunctionNames } from '@gorego/digest';
import { systemClock } from '@gorego/platform';
import { type Address, defaultLimits, Http2Server } from '@gorego/rpc';
import { type ActionCache, type BlobStore, ChunkedBlobs, completeOnly, emptyAlwaysHere } from '@gorego/storage';
import { referencesOf } from '../action-result/references.ts';
import { Uploads } from '../byte-stream/uploads.ts';
import { cacheServices } from '../cache-services.ts';
import { callerOf } from '../caller.ts';
import type { Health } from '../health.ts';
import { validInstanceName } from '../instances.ts';
import { DigestFunctions } from '../wire-digest.ts';

export interface Served extends AsyncDisposable {
  readonly address: Address;
  readonly health: Health;
}

export interface ServedStores {
  readonly blobs: BlobStore;
  /** The action results of one instance. */
  readonly actions: (instance: string) => ActionCache;
}

/** Serves a cache over stores, put together as production does it, on a free port until it is disposed. */
export async function serveCache(
  stores: ServedStores,
  nameOf: (name: string) => string = validInstanceName,
  resumeWindowMs = 60_000,
): Promise<Served> {
  const chunks = new ChunkedBlobs({ blobs: stores.blobs, records: stores.actions('\0chunks') });
  const blobs = emptyAlwaysHere(chunks);
  const references = referencesOf(new DigestFunctions(digestFunctionNames));
  const tasks = new TaskGroup(background(), () => {});
  const { routes, health } = cacheServices({
    uploads: new Uploads({ clock: systemClock, tasks, windowMs: resumeWindowMs }),
    digestFunctions: digestFunctionNames,
    instances: (named) => {
      const name = nameOf(named);
      return { name, blobs, chunks, actions: completeOnly(stores.actions(name), blobs, references) };
    },
  });
  const server = await Http2Server.listen('127.0.0.1:0', {
    routes,
    callerOf,
    clock: systemClock,
    limits: defaultLimits,
  });
  health.set(true);
  return {
    address: server.address,
    health,
    [Symbol.asyncDispose]: async () => {
      await server.close(0);
      await tasks[Symbol.asyncDispose]();
    },
  };
}
