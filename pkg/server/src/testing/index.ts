export { type ConformanceCase, casesFor, conformance, type Feature, type Subject } from './conformance/index.ts';
export { type Served, type ServedStores, serveCache } from './serve-cache.ts';
