import { type Codecs, codecs as defaultCodecs } from '@gorego/compression';
import type { Tasks } from '@gorego/context';
import type { Clock, Disk, Random } from '@gorego/platform';
import { FetchDefinition, PushDefinition } from '@gorego/proto/build/bazel/remote/asset/v1/remote_asset';
import type { Routes } from '@gorego/rpc';
import type { DigestFunctions, Instances } from '@gorego/server';
import type { References } from '@gorego/storage';
import { unpack } from './archive/unpack.ts';
import { Downloader } from './origin/download.ts';
import type { Web } from './origin/web.ts';
import type { Policy } from './policy/policy.ts';
import { fetchRoutes } from './service/fetch.ts';
import type { FetchObserver } from './service/fetch-observer.ts';
import { Fetcher } from './service/fetcher.ts';
import { KnownAssets, type SizeOf } from './service/known-assets.ts';
import { pushRoutes } from './service/push.ts';
import { Spool } from './spool.ts';

export interface RemoteAssetInit {
  readonly instances: Instances;
  readonly functions: DigestFunctions;
  /** Finds what a pushed asset needs. */
  readonly references: References;
  /** Finds what clients uploaded by its hash alone, as a checksum names it. */
  readonly sizeOf: SizeOf;
  readonly policy: Policy;
  readonly web: Web;
  /** The root of the file system, for mirrors of files. */
  readonly files: Disk;
  /** Where downloads lie while they are on their way: the folder is emptied at the start. */
  readonly scratch: { readonly disk: Disk; readonly folder: string };
  readonly clock: Clock;
  readonly random: Random;
  /** Where fetches live. They go on when who asked is gone. */
  readonly tasks: Tasks;
  readonly observer: FetchObserver;
  /** Theirs is a bound on memory that all who decompress should share; own ones unless given. */
  readonly codecs?: Codecs;
  /** How long one fetch may take, whatever a client says. Milliseconds. */
  readonly timeoutMs: number;
  /** The largest content that is fetched, and the most that an archive may unpack to. Bytes. */
  readonly sizeMax: number;
}

/** The Remote Asset API over a cache: routes, and the names of the services, for health and reflection. */
export async function remoteAsset(
  init: RemoteAssetInit,
): Promise<{ readonly routes: Routes; readonly services: readonly string[] }> {
  const { instances, functions, references, policy, web, files, scratch, clock, random, tasks, observer } = init;
  const { sizeMax, timeoutMs, sizeOf, codecs = defaultCodecs() } = init;
  const spool = await Spool.open({ ...scratch, random });
  const known = new KnownAssets(functions, references, sizeOf);
  const fetcher = new Fetcher({
    ...{ known, clock, tasks, observer },
    downloader: new Downloader({ web, files, policy, spool, clock, sizeMax }),
    unpack: (ctx, archive, { instance, functionName, qualifiers }) =>
      unpack(ctx, archive, {
        ...{ spool, functionName, bytesMax: sizeMax, zstd: codecs.zstd },
        blobs: instance.blobs,
        directory: qualifiers.directory,
      }),
  });
  return {
    routes: {
      ...fetchRoutes({ instances, functions, fetcher, timeoutMs }),
      ...pushRoutes({ instances, functions, known, clock }),
    },
    services: [FetchDefinition.fullName, PushDefinition.fullName],
  };
}
