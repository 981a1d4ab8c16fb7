import { Digest, type DigestFunctionName, digestFunctions } from '@gorego/digest';

/** Where things lie in a LocalStore's directory. */
export const DiskPath = {
  /** Half-written files; what is found here at a start was left by a crash. */
  staging: 'tmp',
  blobs: 'cas',

  /** The directory `cas/ab` of the hashes that begin with that byte. */
  branch(byte: number): string {
    return `cas/${byte.toString(16).padStart(2, '0')}`;
  },

  /** The directory `cas/ab/cd` in it of the hashes that begin with those two bytes: some 15 names of a million. */
  leaf(bytes: number): string {
    return `${DiskPath.branch(bytes >>> 8)}/${(bytes & 0xff).toString(16).padStart(2, '0')}`;
  },

  /**
   * `cas/ab/cd/<hash>`. The hashes of functions other than SHA-256 have the function's name before them:
   * `cas/ab/cd/sha1-<hash>`.
   */
  ofBlob(digest: Digest): string {
    const hex = Digest.hex(digest);
    return `cas/${hex.slice(0, 2)}/${hex.slice(2, 4)}/${DiskPath.nameOf(digest)}`;
  },

  /** Where a compressed one is, which says how large it is unpacked: `cas/ab/cd/<hash>.<size>.zst`. */
  ofPacked(digest: Digest): string {
    return `${DiskPath.ofBlob(digest)}.${Digest.sizeBytes(digest)}.zst`;
  },

  /** The last part of it. */
  nameOf(digest: Digest): string {
    const hex = Digest.hex(digest);
    return digest.startsWith('sha256:') ? hex : `${digest.slice(0, digest.indexOf(':'))}-${hex}`;
  },

  /** Which blob a file of this name and size is; undefined for a stranger. */
  blobIn(name: string, fileBytes: number): { readonly digest: Digest; readonly isPacked: boolean } | undefined {
    const [, named = 'sha256', hex = '', packedOf] = fileName.exec(name) ?? [];
    const known = Object.hasOwn(digestFunctions, named) ? digestFunctions[named as DigestFunctionName] : undefined;
    const sizeBytes = packedOf === undefined ? fileBytes : Number(packedOf);
    if (known === undefined || known.hexLength !== hex.length || sizeBytes === 0) return undefined;
    return { digest: Digest.of(known.name, hex, sizeBytes), isPacked: packedOf !== undefined };
  },
} as const;

const fileName = /^(?:([a-z0-9]+)-)?([0-9a-f]+)(?:\.([1-9][0-9]{0,14})\.zst)?$/;
