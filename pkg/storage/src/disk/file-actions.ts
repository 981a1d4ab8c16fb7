import { type Context, throwIfEnded } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import type { Disk } from '@gorego/platform';
import type { KeptActions } from '../action-cache.ts';
import { ActionRecord } from './action-record.ts';
import { DiskPath } from './disk-path.ts';
import type { Staging } from './staging.ts';

/**
 * One instance's action results as files, `ac/ab/cd/<key>`. A damaged one is no result: `onCorrupt` is told, and the
 * next `put` mends it.
 */
export class FileActions implements KeptActions {
  readonly #disk: Disk;
  readonly #staging: Staging;
  readonly #instance: string;
  readonly #onCorrupt: (action: Digest, path: string) => void;

  constructor(
    disk: Disk,
    staging: Staging,
    instance: string,
    onCorrupt: (action: Digest, path: string) => void = () => {},
  ) {
    this.#disk = disk;
    this.#staging = staging;
    this.#instance = instance;
    this.#onCorrupt = onCorrupt;
  }

  async get(ctx: Context, action: Digest): Promise<Uint8Array | undefined> {
    throwIfEnded(ctx);
    const path = this.#pathOf(action);
    const record = await this.#read(path);
    if (record === undefined) return undefined;
    const result = ActionRecord.decode(this.#instance, action, record);
    if (result === undefined) this.#onCorrupt(action, path);
    return result;
  }

  async put(ctx: Context, action: Digest, result: Uint8Array): Promise<void> {
    throwIfEnded(ctx);
    const record = ActionRecord.encode(this.#instance, action, result);
    await this.#staging.write(ctx, once(record), this.#pathOf(action));
  }

  async forget(ctx: Context, action: Digest): Promise<void> {
    throwIfEnded(ctx);
    await this.#disk.remove(this.#pathOf(action));
  }

  #pathOf(action: Digest): string {
    return DiskPath.ofAction(ActionRecord.keyOf(this.#instance, action));
  }

  async #read(path: string): Promise<Uint8Array | undefined> {
    const file = await this.#disk.open(path);
    if (file === undefined) return undefined;
    try {
      const into = Buffer.allocUnsafeSlow((await file.stat()).sizeBytes);
      return into.subarray(0, await file.read(into, 0));
    } finally {
      await file.close();
    }
  }
}

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
