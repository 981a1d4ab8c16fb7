import type { Caller } from '@gorego/context';
import { methodPath } from '@gorego/proto';
import {
  type CacheCapabilities,
  type DigestFunction_Value,
  ServerCapabilities,
  SymlinkAbsolutePathStrategy_Value,
  CapabilitiesDefinition as service,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Routes } from '@gorego/rpc';
import { announcedChunking } from './chunks/chunking-functions.ts';
import { compressorNumbers } from './compressors.ts';
import { type Instance, type Instances, mayWrite } from './instances.ts';
import { batchBytesMax } from './limits.ts';
import { unary } from './method.ts';
import type { DigestFunctions } from './wire-digest.ts';

/** What the cache behind this one has said it can do for an instance; undefined while there is none, or it has not said so yet. */
export type UpstreamCapabilities = (instance: string) => Promise<ServerCapabilities | undefined>;

/**
 * REAPI's Capabilities: what a client may rely on here, and on what is behind. It asks no store, so it answers at once,
 * whatever else is down.
 */
export function capabilities(
  instances: Instances,
  functions: DigestFunctions,
  upstream: UpstreamCapabilities = async () => undefined,
): Routes {
  return {
    [methodPath(service, 'getCapabilities')]: unary(service.methods.getCapabilities, async ({ caller }, request) => {
      const instance = instances(request.instanceName);
      return withUpstream(announced(functions, instance, caller), await upstream(instance.name));
    }),
  };
}

function announced(functions: DigestFunctions, instance: Instance, caller: Caller): ServerCapabilities {
  return ServerCapabilities.fromPartial({
    // Bazel before 7 wants 2.0 between them. 2.13 has chunk mappings.
    lowApiVersion: { major: 2 },
    highApiVersion: { major: 2, minor: 13 },
    cacheCapabilities: {
      digestFunctions: functions.numbers as DigestFunction_Value[],
      actionCacheUpdateCapabilities: { updateEnabled: mayWrite(instance, caller) },
      // Priorities are accepted and make no difference: the one that is always valid.
      cachePriorityCapabilities: { priorities: [{ minPriority: 0, maxPriority: 0 }] },
      maxBatchTotalSizeBytes: batchBytesMax,
      symlinkAbsolutePathStrategy: SymlinkAbsolutePathStrategy_Value.ALLOWED,
      supportedCompressors: [...compressorNumbers],
      supportedBatchUpdateCompressors: [...compressorNumbers],
      ...(instance.chunks !== undefined && announcedChunking),
    },
  });
}

/** The intersection: of two caches, a client may rely on what both can do. What this one translates is its own. */
function withUpstream(own: ServerCapabilities, upstream: ServerCapabilities | undefined): ServerCapabilities {
  const [near, far] = [own.cacheCapabilities, upstream?.cacheCapabilities];
  if (near === undefined || far === undefined) return own;
  const isAllowed = far.symlinkAbsolutePathStrategy !== SymlinkAbsolutePathStrategy_Value.DISALLOWED;
  return {
    ...own,
    cacheCapabilities: {
      ...near,
      digestFunctions: near.digestFunctions.filter(
        (number) => far.digestFunctions.length === 0 || far.digestFunctions.includes(number), // None is unsaid.
      ),
      actionCacheUpdateCapabilities: {
        updateEnabled: isUpdateEnabled(near) && isUpdateEnabled(far),
      },
      maxCasBlobSizeBytes: far.maxCasBlobSizeBytes,
      symlinkAbsolutePathStrategy: isAllowed ? near.symlinkAbsolutePathStrategy : far.symlinkAbsolutePathStrategy,
    },
  };
}

/** What is unsaid is allowed. */
function isUpdateEnabled({ actionCacheUpdateCapabilities }: CacheCapabilities): boolean {
  return actionCacheUpdateCapabilities?.updateEnabled ?? true;
}
