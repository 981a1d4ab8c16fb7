import { Failure } from '@gorego/errors';
import { isUnreadable } from '@gorego/platform';

/** Is it the stored bytes that are to blame: wrong, short, or not to be had from this disk? */
export function isDamage(reason: unknown): boolean {
  const failure = Failure.from(reason);
  return failure.code === 'data_loss' || isUnreadable(failure);
}

/** What comes of a reading; undefined where damage does. */
export async function unlessDamaged<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (reason) {
    if (!isDamage(reason)) throw reason;
    return undefined;
  }
}
