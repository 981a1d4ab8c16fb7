import { type Codecs, codecs as defaultCodecs } from '@gorego/compression';
import type { DigestFunctionName } from '@gorego/digest';
import {
  ActionCacheDefinition,
  CapabilitiesDefinition,
  ContentAddressableStorageDefinition,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { ByteStreamDefinition } from '@gorego/proto/google/bytestream/bytestream';
import { HealthDefinition } from '@gorego/proto/grpc/health/v1/health';
import type { Routes } from '@gorego/rpc';
import { actionCache } from './action-result/action-cache.ts';
import { type Activity, unwatched } from './activity.ts';
import { byteStream } from './byte-stream/byte-stream.ts';
import { Uploads } from './byte-stream/uploads.ts';
import { capabilities, type UpstreamCapabilities } from './capabilities.ts';
import { contentAddressableStorage } from './cas/content-addressable-storage.ts';
import { type HashNamed, nobodyElse } from './hash-named.ts';
import { Health } from './health.ts';
import type { Instances } from './instances.ts';
import { reflection } from './reflection.ts';
import { DigestFunctions } from './wire-digest.ts';

export interface CacheServicesInit {
  readonly instances: Instances;
  readonly digestFunctions: readonly DigestFunctionName[];
  readonly activity?: Activity;
  readonly upstream?: UpstreamCapabilities;
  /** Theirs is a bound on memory that all who compress should share; own ones unless given. */
  readonly codecs?: Codecs;
  readonly hashNamed?: HashNamed;
  /** Other services that this server has beside the cache's own: routes, and their full names. */
  readonly others?: { readonly routes: Routes; readonly services: readonly string[] };
  /** Uploads that are cut off, for as long as they may go on; none unless given. */
  readonly uploads?: Uploads;
}

/** Everything a REAPI cache answers: the cache's own services, those beside it, health and reflection. */
export function cacheServices({
  instances,
  digestFunctions,
  activity = unwatched,
  upstream,
  codecs = defaultCodecs(),
  hashNamed = nobodyElse,
  others = { routes: {}, services: [] },
  uploads = new Uploads(),
}: CacheServicesInit): {
  readonly routes: Routes;
  readonly health: Health;
} {
  const functions = new DigestFunctions(digestFunctions);
  const own = [
    ActionCacheDefinition,
    ByteStreamDefinition,
    CapabilitiesDefinition,
    ContentAddressableStorageDefinition,
  ].map(({ fullName }) => fullName);
  const services = [...own, ...others.services];
  const health = new Health(services);
  const routes = {
    ...capabilities(instances, functions, upstream),
    ...actionCache(instances, functions, activity, hashNamed),
    ...contentAddressableStorage(instances, functions, activity, codecs),
    ...others.routes,
    ...byteStream(instances, functions, activity, codecs, uploads),
    ...health.routes,
    ...reflection([...services, HealthDefinition.fullName]),
  };
  return { routes, health };
}
