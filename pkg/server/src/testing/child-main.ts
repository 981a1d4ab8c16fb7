// The other end of ChildServer: serves a LocalStore in the directory that is named, and says what it costs.
import assert from 'node:assert/strict';
import { letHeapGrow, NodeDisk, systemClock, systemRandom } from '@gorego/platform';
import { LocalStore } from '@gorego/storage';
import { serveCache } from './serve-cache.ts';

const [directory, resumeWindowMs] = process.argv.slice(2);
assert(directory !== undefined && resumeWindowMs !== undefined && process.send !== undefined, 'run by ChildServer');

letHeapGrow();
const store = await LocalStore.open({ disk: new NodeDisk(directory), random: systemRandom, clock: systemClock });
const stores = { blobs: store.blobs, actions: (instance: string) => store.actions(instance) };
const { address } = await serveCache(stores, undefined, Number(resumeWindowMs));

let peakBytes = 0;
setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}, 10);
process.on('message', () => {
  process.send?.({ nowBytes: process.memoryUsage.rss(), peakBytes });
  peakBytes = 0;
});
process.on('disconnect', () => process.exit());
process.send(address);
