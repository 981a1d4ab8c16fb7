import { methodPath } from '@gorego/proto';
import {
  type DigestFunction_Value,
  ServerCapabilities,
  SymlinkAbsolutePathStrategy_Value,
  CapabilitiesDefinition as service,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Routes } from '@gorego/rpc';
import type { Instances } from './instances.ts';
import { batchBytesMax } from './limits.ts';
import { unary } from './method.ts';
import type { DigestFunctions } from './wire-digest.ts';

/** REAPI's Capabilities: what a client may rely on here. It asks nobody, so it answers at once, whatever else is down. */
export function capabilities(instances: Instances, functions: DigestFunctions): Routes {
  return {
    [methodPath(service, 'getCapabilities')]: unary(service.methods.getCapabilities, async (_call, request) => {
      instances(request.instanceName);
      return announced(functions);
    }),
  };
}

function announced(functions: DigestFunctions): ServerCapabilities {
  return ServerCapabilities.fromPartial({
    // Bazel before 7 wants 2.0 between them. 2.13 would promise chunk mappings.
    lowApiVersion: { major: 2 },
    highApiVersion: { major: 2, minor: 12 },
    cacheCapabilities: {
      digestFunctions: functions.numbers as DigestFunction_Value[],
      actionCacheUpdateCapabilities: { updateEnabled: true },
      // Priorities are accepted and make no difference: the one that is always valid.
      cachePriorityCapabilities: { priorities: [{ minPriority: 0, maxPriority: 0 }] },
      maxBatchTotalSizeBytes: batchBytesMax,
      symlinkAbsolutePathStrategy: SymlinkAbsolutePathStrategy_Value.ALLOWED,
    },
  });
}
