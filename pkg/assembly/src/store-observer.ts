import type { Clock } from '@gorego/platform';
import type { StoreObserver } from '@gorego/storage';
import type { Logger } from '@gorego/telemetry';

/** How often progress is told. */
const progressMs = 10_000;

/** Says in the log what happens to the local store. */
export function storeObserver(log: Logger, clock: Clock): StoreObserver {
  let toldMs = clock.monotonic();
  return {
    onProgress: (share) => {
      if (clock.monotonic() - toldMs < progressMs) return;
      toldMs = clock.monotonic();
      log.info(comparing(share), { share });
    },
    onCorrupt: (digest, where) => log.error(`the local store held wrong bytes at ${where}`, { digest, where }),
    onTrouble: (what, { code, message }) => log.warn(`the local store could not ${what}: ${message}`, { code }),
    onRemoved: () => log.warn('somebody removed files of the local store, which goes on with what is left'),
    onReconciled: ({ adopted, ghosts, strangers }) => {
      if (adopted > 0) log.info(`the local store found ${adopted} blobs that it did not know`, { adopted });
      if (ghosts > 0) log.warn(`${ghosts} blobs of the local store are gone: somebody removed them`, { ghosts });
      if (strangers.length > 0) {
        log.warn(`there are files among the blobs that are none, ${strangers[0]} for one; they are left alone`, {
          strangers,
        });
      }
    },
  };
}

/** What is going on while a directory is compared with its index, for logs and probes. */
export function comparing(share: number): string {
  return `the local store is compared with its directory: ${Math.floor(share * 100)} % done`;
}
