import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codecs } from '@gorego/compression';
import type { DigestFunctionName } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { NodeDisk, systemClock, systemRandom } from '@gorego/platform';
import { defaultLimits, Http2Server, HttpServer, type Observer } from '@gorego/rpc';
import {
  type Activity,
  cacheServices,
  callerOf,
  DigestFunctions,
  referencesOf,
  validInstanceName,
} from '@gorego/server';
import { type BlobStore, completeOnly, emptyAlwaysHere, LocalStore } from '@gorego/storage';
import { HttpCache } from '../http-cache.ts';

const digestFunctions: readonly DigestFunctionName[] = ['sha256'];

export interface ServedHttpCache extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly directory: string;
  /** What was thrown and no Failure. */
  readonly bugs: readonly unknown[];
  /** What the observer was told. */
  readonly calls: readonly [path: string, code: string][];
}

export interface ServeOptions {
  readonly bytesMax?: number;
  readonly activity?: Activity;
  /** What stands before the local store's blobs. */
  readonly wrap?: (blobs: BlobStore) => BlobStore;
}

/** Serves gRPC and HTTP over one local store, on one port, put together as production does it. */
export async function serveHttpCache({
  bytesMax = 2 ** 30,
  activity = { hit: () => {}, miss: () => {}, served: () => {}, stored: () => {} },
  wrap = (blobs) => blobs,
}: ServeOptions = {}): Promise<ServedHttpCache> {
  const directory = await mkdtemp(join(tmpdir(), 'gorego-http-'));
  const disk = new NodeDisk(directory);
  const store = await LocalStore.open({ disk, random: systemRandom, clock: systemClock });
  const blobs = emptyAlwaysHere(wrap(store.blobs));
  const references = referencesOf(new DigestFunctions(digestFunctions));
  const instances = (name: string) => ({
    name: validInstanceName(name),
    blobs,
    actions: completeOnly(store.actions(name), blobs, references),
  });
  const bugs: unknown[] = [];
  const calls: [path: string, code: string][] = [];
  const onBug = (reason: unknown): void => void bugs.push(reason);
  const clock = systemClock;
  const observer: Observer = {
    onCallEnd: ({ path, code, failure }) => {
      calls.push([path, code]);
      if (failure !== undefined && !(failure instanceof Failure)) bugs.push(failure);
    },
  };
  const cache = new HttpCache({
    ...{ instances, digestFunctions, references, disk, clock, activity, bytesMax, observer, random: systemRandom },
    sizeOf: (ctx, _instance, name, hex) => store.blobs.sizeOf(ctx, name, hex),
    scratchFolder: 'tmp',
    codecs: codecs(),
  });
  const http1 = new HttpServer({ handlers: [cache.handle], clock, onBug });
  const { routes } = cacheServices({ instances, digestFunctions, hashNamed: cache.hashNamed });
  const server = await Http2Server.listen('127.0.0.1:0', { routes, clock, callerOf, limits: defaultLimits, http1 });
  const { port } = server.address;
  return {
    ...{ port, directory, bugs, calls, url: `http://127.0.0.1:${port}` },
    [Symbol.asyncDispose]: async () => {
      await http1.close(0);
      await server.close(0);
      await store[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}
