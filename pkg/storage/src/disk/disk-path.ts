import { Digest } from '@gorego/digest';

/** Where things lie in a LocalStore's directory. */
export const DiskPath = {
  /** Half-written files; what is found here at a start was left by a crash. */
  staging: 'tmp',

  /** `cas/ab/cd/<hash>`: two levels, so that no directory holds more than a few hundred names of a million. */
  ofBlob(digest: Digest): string {
    return `cas/${spread(Digest.hex(digest))}`;
  },

  /** `ac/ab/cd/<key>`; a key is the hash of all that tells one result from another. */
  ofAction(keyHex: string): string {
    return `ac/${spread(keyHex)}`;
  },
} as const;

function spread(hex: string): string {
  return `${hex.slice(0, 2)}/${hex.slice(2, 4)}/${hex}`;
}
