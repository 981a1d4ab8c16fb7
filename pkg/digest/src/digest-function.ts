import { createHash, hash } from 'node:crypto';

/** Hashes bytes as they come. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** The hash of all that was given, in lower-case hex. Ends the hasher. */
  hex(): string;
}

/** How blobs are named: one of REAPI's DigestFunction values that goREgo can compute. */
export interface DigestFunction {
  /** REAPI's enum name, in lower case. */
  readonly name: DigestFunctionName;
  /** REAPI's enum number (`DigestFunction.Value`). */
  readonly number: number;
  readonly hexLength: number;
  /** The hash of no bytes at all. */
  readonly emptyHex: string;
  hashOf(bytes: Uint8Array): string;
  newHasher(): Hasher;
}

export type DigestFunctionName = 'sha256';

/** Every function there is, by name. */
export const digestFunctions: Readonly<Record<DigestFunctionName, DigestFunction>> = {
  sha256: openssl('sha256', 1, 64),
};

function openssl(name: DigestFunctionName, number: number, hexLength: number): DigestFunction {
  return {
    name,
    number,
    hexLength,
    emptyHex: hash(name, '', 'hex'),
    hashOf: (bytes) => hash(name, bytes, 'hex'),
    newHasher: () => {
      const running = createHash(name);
      return {
        update: (bytes) => void running.update(bytes),
        hex: () => running.digest('hex'),
      };
    },
  };
}
