export { referencesOf } from './action-result/references.ts';
export { type Activity, unwatched } from './activity.ts';
export { type CacheServicesInit, cacheServices } from './cache-services.ts';
export { callerOf } from './caller.ts';
export type { Health } from './health.ts';
export { type Instance, type Instances, validInstanceName } from './instances.ts';
export { DigestFunctions } from './wire-digest.ts';
