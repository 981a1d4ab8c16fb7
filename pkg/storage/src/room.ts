import type { Context } from '@gorego/context';

/** Space on the disk, to be had before it is used. */
export interface Room {
  /**
   * Takes `bytes`, as the disk will count them: at once where they are free, else once they have been made free.
   * `resource_exhausted` if that can't be. Disposing gives them back: because they are counted as used by now, or won't be.
   */
  reserve(ctx: Context, bytes: number): Disposable | Promise<Disposable>;
  /** The disk itself is full: resolves when something was removed, to true if it is worth another try. */
  relieve(bytes: number): Promise<boolean>;
}

const nothing: Disposable = { [Symbol.dispose]: () => {} };

/** As much as anybody asks for. */
export const endlessRoom: Room = { reserve: () => nothing, relieve: async () => false };
