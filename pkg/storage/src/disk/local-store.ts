import type { Digest } from '@gorego/digest';
import type { Disk, Random } from '@gorego/platform';
import type { KeptActions } from '../action-cache.ts';
import type { StagingStore } from '../blob-store.ts';
import { FileActions } from './file-actions.ts';
import { FileBlobs } from './file-blobs.ts';
import { Staging } from './staging.ts';

/** What the outside world lends a LocalStore. */
export interface LocalStoreInit {
  /** The directory that is the store's alone. Made if it is missing. */
  readonly disk: Disk;
  readonly random: Random;
  /** Told of a file whose bytes are not what its name says. */
  readonly onCorrupt?: (digest: Digest, path: string) => void;
}

/** Tier 1: a directory of blobs and action results near the builders. */
export class LocalStore {
  readonly blobs: StagingStore;
  readonly #disk: Disk;
  readonly #staging: Staging;
  readonly #onCorrupt: ((digest: Digest, path: string) => void) | undefined;

  private constructor({ disk, onCorrupt }: LocalStoreInit, staging: Staging) {
    this.#disk = disk;
    this.#staging = staging;
    this.#onCorrupt = onCorrupt;
    this.blobs = new FileBlobs(disk, staging, onCorrupt);
  }

  /** Opens the store in `disk`. Fails as the disk does: `permission_denied`, `resource_exhausted`, `internal`. */
  static async open(init: LocalStoreInit): Promise<LocalStore> {
    const staging = new Staging(init.disk, init.random);
    await staging.prepare();
    return new LocalStore(init, staging);
  }

  /** The action results of one instance; the blobs are everybody's. */
  actions(instance: string): KeptActions {
    return new FileActions(this.#disk, this.#staging, instance, this.#onCorrupt);
  }
}
