import { Failure } from '@gorego/errors';

/** The hash functions of Subresource Integrity that Bazel uses, with the length of their hashes. */
export const integrityBytes = { sha256: 32, sha384: 48, sha512: 64, sha1: 20 } as const;
export type IntegrityFunction = keyof typeof integrityBytes;

/** One of the checksums that content may have. */
export interface Checksum {
  readonly function: IntegrityFunction;
  /** In lower-case hex. */
  readonly hex: string;
}

const checksumsMax = 16;

/**
 * Reads a `checksum.sri`: checksums with white space between them, of which one must match. Those of functions that
 * are not known here are passed over, as long as there is another. `invalid_argument` for what is malformed.
 */
export function parseIntegrity(text: string): readonly Checksum[] {
  const tokens = text.split(/\s+/).filter((token) => token !== '');
  if (tokens.length > checksumsMax) throw wrong(`has ${tokens.length} checksums; ${checksumsMax} is the most`);
  const checksums = tokens.map(parseChecksum).filter((checksum) => checksum !== undefined);
  if (checksums.length === 0) {
    throw wrong(`${JSON.stringify(text.slice(0, 200))} has no checksum by ${Object.keys(integrityBytes).join(', ')}`);
  }
  return checksums;
}

function parseChecksum(token: string): Checksum | undefined {
  // What follows `?` are options, of which there are none yet.
  const [, name = '', base64 = ''] = /^([a-z0-9]+)-([A-Za-z0-9+/_-]+={0,2})(?:\?.*)?$/.exec(token) ?? [];
  if (name === '') throw wrong(`${JSON.stringify(token.slice(0, 200))} is not FUNCTION-BASE64`);
  if (!Object.hasOwn(integrityBytes, name)) return undefined;
  const known = name as IntegrityFunction;
  const hash = Buffer.from(base64, 'base64');
  if (hash.byteLength !== integrityBytes[known]) {
    throw wrong(`${JSON.stringify(token.slice(0, 200))} is not a ${name} of ${integrityBytes[known]} bytes`);
  }
  return { function: known, hex: hash.toString('hex') };
}

/** As `checksum.sri` would have it: one spelling for each checksum. */
export function showIntegrity({ function: name, hex }: Checksum): string {
  return `${name}-${Buffer.from(hex, 'hex').toString('base64')}`;
}

function wrong(what: string): Failure {
  return new Failure('invalid_argument', `the qualifier checksum.sri: ${what}`);
}
