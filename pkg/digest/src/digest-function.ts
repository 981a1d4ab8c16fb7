import { createHash, hash } from 'node:crypto';
import type { Hasher } from './hasher.ts';
import { loadNativeBlake3, type NativeBlake3 } from './native-blake3.ts';
import { Sha256Tree } from './sha256-tree.ts';
import { Vso } from './vso.ts';

/** How blobs are named: one of REAPI's DigestFunction values that goREgo can compute. */
export interface DigestFunction {
  /** REAPI's enum name, in lower case. */
  readonly name: DigestFunctionName;
  /** REAPI's enum number (`DigestFunction.Value`). */
  readonly number: number;
  readonly hexLength: number;
  /** The hash of no bytes at all. */
  readonly emptyHex: string;
  /** Whether resource names say it; the others are told by the length of their hashes. */
  readonly isSpelledOut: boolean;
  hashOf(bytes: Uint8Array): string;
  /** For a blob of that many bytes; some functions begin with the size. */
  newHasher(sizeBytes: number): Hasher;
}

/** In the order in which a hash of unsaid function is taken to be of the first that has its length. */
export const digestFunctionNames = [
  'sha256',
  'sha1',
  'md5',
  'vso',
  'sha384',
  'sha512',
  'sha256tree',
  'blake3',
  'gitsha1',
] as const;

export type DigestFunctionName = (typeof digestFunctionNames)[number];

/** Every function there is, by name. */
export const digestFunctions: Readonly<Record<DigestFunctionName, DigestFunction>> = {
  sha256: openssl('sha256', 1, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'),
  sha1: openssl('sha1', 2, 'da39a3ee5e6b4b0d3255bfef95601890afd80709'),
  md5: openssl('md5', 3, 'd41d8cd98f00b204e9800998ecf8427e'),
  vso: ours('vso', 4, '1e57cf2792a900d06c1cdfb3c453f35bc86f72788aa9724c96c929d1cc6b456a00', {
    isSpelledOut: false,
    newHasher: () => new Vso(),
  }),
  sha384: openssl(
    'sha384',
    5,
    '38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b',
  ),
  sha512: openssl(
    'sha512',
    6,
    'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
  ),
  sha256tree: ours('sha256tree', 8, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', {
    isSpelledOut: true,
    newHasher: () => new Sha256Tree(),
  }),
  blake3: blake3(),
  gitsha1: ours('gitsha1', 10, 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391', {
    isSpelledOut: true,
    newHasher: (sizeBytes) => running('sha1', `blob ${sizeBytes}\0`),
  }),
};

/** Why a function can't be computed on this machine; undefined where it can. */
export function whyUnavailable(name: DigestFunctionName): string | undefined {
  const { hashOf, emptyHex } = digestFunctions[name];
  try {
    return hashOf(new Uint8Array()) === emptyHex ? undefined : 'it is computed wrongly here';
  } catch (reason) {
    return String(reason);
  }
}

/** Functions that Node brings along. */
function openssl(
  name: 'sha256' | 'sha1' | 'md5' | 'sha384' | 'sha512',
  number: number,
  emptyHex: string,
): DigestFunction {
  return {
    ...{ name, number, emptyHex },
    hexLength: emptyHex.length,
    isSpelledOut: false,
    hashOf: (bytes) => hash(name, bytes, 'hex'),
    newHasher: () => running(name),
  };
}

/** Functions that are made of others. */
function ours(
  name: DigestFunctionName,
  number: number,
  emptyHex: string,
  { isSpelledOut, newHasher }: Pick<DigestFunction, 'isSpelledOut' | 'newHasher'>,
): DigestFunction {
  return {
    ...{ name, number, emptyHex, isSpelledOut, newHasher },
    hexLength: emptyHex.length,
    hashOf: (bytes) => {
      const hasher = newHasher(bytes.byteLength);
      hasher.update(bytes);
      return hasher.hex();
    },
  };
}

function blake3(): DigestFunction {
  const emptyHex = 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262';
  let loaded: NativeBlake3 | undefined;
  // Loaded for the first who needs it: whoever doesn't can do without what is only there for some machines.
  const native = (): NativeBlake3 => {
    loaded ??= loadNativeBlake3();
    return loaded;
  };
  return {
    ...{ name: 'blake3', number: 9, emptyHex },
    hexLength: emptyHex.length,
    isSpelledOut: true,
    hashOf: (bytes) => native().blake3(bytes).toString('hex'),
    newHasher: () => {
      const hasher = new (native().Blake3Hasher)();
      return { update: (bytes) => void hasher.update(bytes), hex: () => hasher.digest('hex') };
    },
  };
}

function running(algorithm: string, prefix = ''): Hasher {
  const hash = createHash(algorithm).update(prefix);
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
}
