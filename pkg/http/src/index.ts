export { HttpCache, type HttpCacheInit } from './http-cache.ts';
export { type Operations, operations } from './operations.ts';
