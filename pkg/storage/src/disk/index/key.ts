import { hash } from 'node:crypto';
import { Digest, type DigestFunctionName, digestFunctions } from '@gorego/digest';

/**
 * What an entry is found by: 128 bits. Two blobs that share them can't be told apart by the index, but they are by the
 * bytes: a record on disk carries its whole digest, and is none of another's.
 */
export interface Key {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** A key that becomes one blob's after another's. */
export type WritableKey = { -readonly [word in keyof Key]: Key[word] };

/** Enough of a key to find what begins like that. */
export type HalfKey = Pick<Key, 'a' | 'b'>;

export const Key = {
  /** Of a blob: the first 128 bits of its hash; functions other than SHA-256 are told apart by a salt. */
  ofBlob(digest: Digest): Key {
    const at = digest.indexOf(':') + 1;
    const salt = digest.startsWith('sha256:') ? 0 : Key.saltOf(Digest.function(digest).name);
    return {
      a: word(digest, at),
      b: word(digest, at + 8),
      c: word(digest, at + 16),
      d: (word(digest, at + 24) ^ salt) >>> 0,
    };
  },

  /** What a function's keys have in their last word, so that they are no other's. */
  saltOf(name: DigestFunctionName): number {
    return name === 'sha256' ? 0 : Math.imul(digestFunctions[name].number, 0x9e3779b1);
  },

  /** The first half of `ofBlob`. */
  halfOfBlob(digest: Digest): HalfKey {
    const at = digest.indexOf(':') + 1;
    return { a: word(digest, at), b: word(digest, at + 8) };
  },

  /** For maps. */
  text({ a, b, c, d }: Key): string {
    return `${a}/${b}/${c}/${d}`;
  },

  /** Of an action's result in one instance. */
  ofAction(instance: string, action: Digest): Key {
    const hex = hash('sha256', `${action}\n${instance}`, 'hex');
    return { a: word(hex, 0), b: word(hex, 8), c: word(hex, 16), d: word(hex, 24) };
  },
} as const;

/** Eight hex digits as a number. */
function word(hex: string, at: number): number {
  let value = 0;
  for (let i = at; i < at + 8; i++) {
    const code = hex.charCodeAt(i);
    value = (value << 4) | (code < 58 ? code - 48 : code - 87);
  }
  return value >>> 0;
}
