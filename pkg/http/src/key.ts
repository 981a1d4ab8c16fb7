import { Failure } from '@gorego/errors';

/** A hash or key that a client has made, of whatever function; `invalid_argument` for what can't be one. */
export function checkedKey(key: string): string {
  if (/^[0-9A-Za-z_-]{1,256}$/.test(key)) return key;
  throw new Failure('invalid_argument', `not a hash: ${JSON.stringify(key.slice(0, 100))}`);
}
