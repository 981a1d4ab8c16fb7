import { nodeWeb, Policy, remoteAsset, shownUri } from '@gorego/asset';
import type { Config } from '@gorego/config';
import type { Tasks } from '@gorego/context';
import { type Disk, NodeDisk } from '@gorego/platform';
import type { Routes } from '@gorego/rpc';
import type { DigestFunctions, Instances } from '@gorego/server';
import type { References } from '@gorego/storage';
import type { Metrics } from '@gorego/telemetry';
import type { Surroundings } from './assemble.ts';

export interface RemoteAssetsInit extends Surroundings {
  readonly config: Config['remoteAsset'];
  readonly instances: Instances;
  readonly functions: DigestFunctions;
  readonly references: References;
  /** The local store's: downloads lie there until they are blobs, on the disk that is meant for them. */
  readonly disk: Disk;
  readonly tasks: Tasks;
  readonly metrics: Metrics;
}

/** Below the local store's directory, beside what is the store's. */
const scratchFolder = 'fetching';

/** Makes the Remote Asset services: they know what was pushed, and fetch what the configuration allows. */
export function remoteAssets(
  init: RemoteAssetsInit,
): Promise<{ readonly routes: Routes; readonly services: readonly string[] }> {
  const { config, disk, log, metrics, instances, functions, references, clock, random, tasks } = init;
  const { allow = [], allowNetworks = [], timeout, maxSize } = config;
  return remoteAsset({
    ...{ instances, functions, references, clock, random, tasks },
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
}
