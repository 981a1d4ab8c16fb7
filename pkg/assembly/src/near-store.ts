import type { Config } from '@gorego/config';
import { background, TaskGroup, type Tasks } from '@gorego/context';
import { Janitor, Pins } from '@gorego/janitor';
import { bootId, type NodeDisk } from '@gorego/platform';
import { LocalStore, lookAfter, scrub } from '@gorego/storage';
import { humanBytes, type Metrics } from '@gorego/telemetry';
import { storeObserver } from './store-observer.ts';
import type { Surroundings } from './surroundings.ts';

/** Files that many small blobs share are this part of the store, so that dropping one is a small step. */
const segmentShare = 1 / 256;
const segmentBytesMin = 256 * 1024;
const segmentBytesMax = 128 * 1024 * 1024;

export interface NearStoreInit extends Surroundings {
  readonly config: Pick<Config, 'localStore' | 'janitor'>;
  readonly disk: NodeDisk;
  readonly tasks: Tasks;
  readonly metrics: Metrics;
}

/** Tier 1, and who keeps it within its size. */
export interface NearStore extends AsyncDisposable {
  readonly store: LocalStore;
  readonly janitor: Janitor;
}

/** Opens the local store, and sees to it that it stays as small as it must. */
export async function nearStore({
  config,
  disk,
  clock,
  random,
  log,
  tasks,
  metrics,
}: NearStoreInit): Promise<NearStore> {
  const { maxSize, minFree, policy, grace } = config.janitor;
  const { segmentThreshold, durability, scrubRate, forceUpdateAtime, compression } = config.localStore;
  await using stack = new AsyncDisposableStack();
  const pins = new Pins({
    ...{ clock, maxBytes: maxSize, graceMs: grace },
    onFull: (invocation) =>
      log.info('a build uses more than the store can hold for it: what it uses last is held no longer than the rest', {
        invocation,
      }),
  });
  const janitor = new Janitor({
    ...{ clock, tasks, space: () => disk.space(), maxBytes: maxSize, minFreeBytes: minFree, graceMs: grace },
    ...{ policy, pins },
    observer: {
      onEvicted: (count, bytes) => {
        metrics.evictedBlobs.inc(count);
        metrics.evictedBytes.inc(bytes);
      },
      onGraceBroken: (count, ageMs) => {
        metrics.evictedInGrace.inc(count);
        const last = `${Math.round(ageMs / 1000)} s`;
        log.warn(`janitor.max_size is too small: ${count} blobs that were in use ${last} ago had to go`, {
          count,
          ageMs,
        });
      },
      onPressure: (limit) => {
        if (limit === undefined) log.info('the disk has space again');
        else log.warn(`the disk is nearly full: the local store is kept below ${humanBytes(limit)}`, { limit });
      },
    },
  });
  const store = stack.use(
    await LocalStore.open({
      ...{
        disk,
        random,
        clock,
        boot: bootId(),
        room: janitor,
        account: pins,
        segmentThreshold,
        durability,
        forceUpdateAtime,
        compression,
      },
      segmentBytes: Math.min(segmentBytesMax, Math.max(segmentBytesMin, Math.floor(maxSize * segmentShare))),
      observer: storeObserver(log, clock),
    }),
  );
  stack.use(janitor); // It ends before the store does,
  const chores = stack.use(new TaskGroup(background(), (what, { message }) => log.warn(`${what}: ${message}`))); // and so do these.
  janitor.keep(store.housekeeping);
  chores.spawn('look after the local store', (ctx) => lookAfter(ctx, store, clock));
  if (scrubRate > 0) chores.spawn('look for what rotted', (ctx) => scrub(ctx, store, clock, scrubRate));
  metrics.watchStore({ bytes: () => store.diskBytes, limit: () => janitor.limitBytes, blobs: () => store.count });
  const parts = stack.move();
  return { store, janitor, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
