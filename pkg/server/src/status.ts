import { type Context, throwIfEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Status } from '@gorego/proto/google/rpc/status';
import { statusOf } from '@gorego/rpc';

/** OK, as an entry's status. Set even though it is the default: some clients look for it. */
export const ok: Status = { code: 0, message: '', details: [] };

/** A failure as the status of one entry of a batch. */
export function entryStatusOf(reason: unknown): Status {
  return { ...statusOf(reason), details: [] };
}

/**
 * Does one entry of a batch. What goes wrong is the entry's own, unless nobody is waiting for the batch any more, or it
 * is a bug.
 */
export async function entryStatus(ctx: Context, work: () => Promise<void>): Promise<Status> {
  try {
    await work();
    return ok;
  } catch (reason) {
    throwIfEnded(ctx);
    if (!(reason instanceof Failure)) throw reason;
    return entryStatusOf(reason);
  }
}

/** The entries of a batch as they are, or, if their statuses' texts take more than `roomBytes`, with those left out. */
export function withoutText<Entry extends { readonly status: Status | undefined }>(
  entries: readonly Entry[],
  roomBytes: number,
): Entry[] {
  const textBytes = entries.reduce((sum, { status }) => sum + 3 * (status?.message.length ?? 0), 0);
  if (textBytes <= roomBytes) return [...entries];
  return entries.map((entry) => ({ ...entry, status: entry.status && { ...entry.status, message: '' } }));
}
