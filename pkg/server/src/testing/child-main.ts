// The other end of ChildServer: serves a LocalStore in the directory that is named, and says what it costs.
import assert from 'node:assert/strict';
import { NodeDisk, systemClock, systemRandom } from '@gorego/platform';
import { LocalStore } from '@gorego/storage';
import { serveCache } from './serve-cache.ts';

const [directory] = process.argv.slice(2);
assert(directory !== undefined && process.send !== undefined, 'run by ChildServer');

const store = await LocalStore.open({ disk: new NodeDisk(directory), random: systemRandom, clock: systemClock });
const { address } = await serveCache({ blobs: store.blobs, actions: (instance) => store.actions(instance) });

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
