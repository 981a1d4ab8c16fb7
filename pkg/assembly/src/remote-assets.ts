import { nodeWeb, Policy, remoteAsset, shownUri } from '@gorego/asset';
import type { Codecs } from '@gorego/compression';
import type { Config } from '@gorego/config';
import { background, TaskGroup } from '@gorego/context';
import { type Disk, NodeDisk } from '@gorego/platform';
import type { Routes } from '@gorego/rpc';
import type { DigestFunctions, Instances } from '@gorego/server';
import type { References, SizingStore } from '@gorego/storage';
import type { Metrics } from '@gorego/telemetry';
import type { Surroundings } from './surroundings.ts';

export interface RemoteAssetsInit extends Surroundings {
  readonly config: Config['remoteAsset'];
  readonly instances: Instances;
  readonly functions: DigestFunctions;
  readonly references: References;
  /** Tier 1, which knows its blobs by their hashes alone. */
  readonly near: SizingStore;
  /** The local store's: downloads lie there until they are blobs, on the disk that is meant for them. */
  readonly disk: Disk;
  readonly metrics: Metrics;
  readonly codecs: Codecs;
}

/** Below the local store's directory, beside what is the store's. */
const scratchFolder = 'fetching';

/** Disposing them ends the fetches that are under way. */
export interface RemoteAssets extends AsyncDisposable {
  readonly routes: Routes;
  readonly services: readonly string[];
}

/** Makes the Remote Asset services: they know what was pushed, and fetch what the configuration allows. */
export async function remoteAssets(init: RemoteAssetsInit): Promise<RemoteAssets> {
  const { config, disk, log, metrics, instances, functions, references, near, clock, random, codecs } = init;
  const { allow = [], allowNetworks = [], timeout, maxSize } = config;
  const tasks = new TaskGroup(background(), (name, { code, message }) => log.warn(`${name}: ${message}`, { code }));
  const { routes, services } = await remoteAsset({
    ...{ instances, functions, references, clock, random, tasks, codecs },
    sizeOf: (ctx, name, hex) => near.sizeOf(ctx, name, hex),
    policy: new Policy({ allow, allowNetworks }),
    web: nodeWeb,
    files: new NodeDisk('/'),
    scratch: { disk, folder: scratchFolder },
    timeoutMs: timeout,
    sizeMax: maxSize,
    observer: {
      onKnown: (kind) => metrics.assets.inc({ kind, outcome: 'known' }),
      onFetched: ({ kind, uri, digest, sizeBytes, ms }) => {
        metrics.assets.inc({ kind, outcome: 'fetched' });
        metrics.assetBytes.inc(sizeBytes);
        log.info(`fetched ${shownUri(uri)}, ${sizeBytes} bytes in ${Math.round(ms)} ms`, { kind, digest });
      },
      onFailure: ({ kind, uri, failure: { code, message } }) => {
        metrics.assets.inc({ kind, outcome: 'failed' });
        log.warn(`could not fetch ${shownUri(uri)}: ${message}`, { kind, code });
      },
      onForgotten: ({ kind, uri, failure: { code, message } }) =>
        log.warn(`fetched ${shownUri(uri)}, and could not remember it: ${message}`, { kind, code }),
    },
  });
  return { routes, services, [Symbol.asyncDispose]: () => tasks[Symbol.asyncDispose]() };
}
