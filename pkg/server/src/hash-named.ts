import type { Context } from '@gorego/context';
import type { Digest } from '@gorego/digest';

/**
 * The meeting of those who name an action by hash and size, as REAPI does, and those who name it by its hash alone, as
 * HTTP does.
 */
export interface HashNamed {
  /** There is a result of this action. */
  note(action: Digest): void;
  /** The result that was kept of the action under its hash alone; from now on it is kept under its whole digest. */
  adopt(ctx: Context, instance: string, action: Digest): Promise<Uint8Array | undefined>;
}

export const nobodyElse: HashNamed = { note: () => {}, adopt: async () => undefined };
