import { Failure } from '@gorego/errors';
import { type DigestFunction, type DigestFunctionName, digestFunctions } from './digest-function.ts';
import type { Hasher } from './hasher.ts';
import { isHex } from './hex-digits.ts';

/**
 * The name of a blob: which function, its hash, and the blob's size, as in `sha256:e3b0c442…b855/0`.
 *
 * It is a string, so that it is its own key: `===`, Map and Set mean what they should, it costs one allocation, and it
 * prints itself. It is branded, so that only this module can make one; a Digest that exists is well-formed.
 */
export type Digest = string & { readonly [brand]: 'Digest' };
declare const brand: unique symbol;

export const Digest = {
  /**
   * Names a blob from its parts, as they come off the wire. `invalid_argument` unless `hex` is lower-case hex of the
   * function's full length and `sizeBytes` a safe integer from 0 on; a size of 0 belongs to the empty blob alone.
   */
  of(name: DigestFunctionName, hex: string, sizeBytes: number): Digest {
    const { hexLength, emptyHex } = digestFunctions[name];
    if (hex.length !== hexLength || !isHex(hex)) {
      throw new Failure(
        'invalid_argument',
        `not a ${name} hash (${hexLength} lower-case hex digits): ${JSON.stringify(abridged(hex))}`,
      );
    }
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
      throw new Failure('invalid_argument', `not the size of a blob: ${sizeBytes}`);
    }
    if (sizeBytes === 0 && hex !== emptyHex) {
      throw new Failure('invalid_argument', `${hex} is not the ${name} hash of an empty blob`);
    }
    return `${name}:${hex}/${sizeBytes}` as Digest;
  },

  /** Parses what a Digest prints: `function:hash/size`. */
  parse(text: string): Digest {
    const [, name, hex, size] = /^([a-z0-9]+):([^/]*)\/([0-9]{1,16})$/.exec(text) ?? [];
    if (name === undefined || hex === undefined || !Object.hasOwn(digestFunctions, name)) {
      throw new Failure('invalid_argument', `not a digest (function:hash/size): ${JSON.stringify(abridged(text))}`);
    }
    return Digest.of(name as DigestFunctionName, hex, Number(size));
  },

  /** Names bytes that are already here. */
  ofBytes(bytes: Uint8Array, name: DigestFunctionName = 'sha256'): Digest {
    return `${name}:${digestFunctions[name].hashOf(bytes)}/${bytes.byteLength}` as Digest;
  },

  /** The empty blob's name. */
  empty(name: DigestFunctionName): Digest {
    return `${name}:${digestFunctions[name].emptyHex}/0` as Digest;
  },

  isEmpty(digest: Digest): boolean {
    return digest.endsWith('/0');
  },

  sizeBytes(digest: Digest): number {
    return Number(digest.slice(digest.indexOf('/') + 1));
  },

  hex(digest: Digest): string {
    return digest.slice(digest.indexOf(':') + 1, digest.indexOf('/'));
  },

  function(digest: Digest): DigestFunction {
    return digestFunctions[digest.slice(0, digest.indexOf(':')) as DigestFunctionName];
  },

  hasher(digest: Digest): Hasher {
    return Digest.function(digest).newHasher(Digest.sizeBytes(digest));
  },

  /** Are these whole bytes the blob of that name? */
  isOf(digest: Digest, bytes: Uint8Array): boolean {
    return (
      Digest.sizeBytes(digest) === bytes.byteLength && Digest.hex(digest) === Digest.function(digest).hashOf(bytes)
    );
  },
} as const;

/** Enough of a hostile string to recognise it. */
function abridged(text: string): string {
  return text.length <= 140 ? text : `${text.slice(0, 140)}…`;
}
