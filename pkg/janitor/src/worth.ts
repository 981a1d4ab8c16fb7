/** Worth is told in classes that fit into three bits. What nobody has said anything of is in the first. */
export const worthClasses = 8;

/** A class is worth this much more per byte than the one before it; the middle one is a second for a MiB. */
const step = 8;
const middle = 4;
const mib = 2 ** 20;

/**
 * The class of what took so many seconds to make and takes so many bytes to keep. What a client claims is bounded by the
 * last class, from 1 to 7.
 */
export function worthOf(seconds: number, bytes: number): number {
  const perMib = (Math.max(0, seconds) * mib) / Math.max(1, bytes);
  const exponent = Math.log(Math.max(Number.MIN_VALUE, perMib)) / Math.log(step);
  return Math.min(worthClasses - 1, Math.max(1, middle + Math.round(exponent)));
}

/** What decides who goes first. */
export type Policy = 'lru' | 'value';

/** An entry ages by the root of its worth: one class more, a third as fast. The power itself would cost more bytes read again. */
const power = 1 / 2;

/**
 * By how much the age of each class is multiplied before ages are compared. Under `lru` all are as old as they are; under
 * `value` what took long to make, and is small, ages slowly: 23 times as fast at most, and a 23rd at least.
 */
export function agingOf(policy: Policy): Float64Array {
  const aging = new Float64Array(worthClasses).fill(1);
  if (policy === 'lru') return aging;
  for (let worth = 1; worth < worthClasses; worth++) aging[worth] = step ** ((middle - worth) * power);
  return aging;
}
