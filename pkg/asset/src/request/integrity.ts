import { digestFunctions, whyUnavailable } from '@gorego/digest';
import { Failure } from '@gorego/errors';

/** The hash functions of Subresource Integrity, and those that Bazel has beside them. */
export const integrityFunctions = ['sha256', 'sha384', 'sha512', 'sha1', 'blake3'] as const;
export type IntegrityFunction = (typeof integrityFunctions)[number];

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
    throw wrong(`${JSON.stringify(text.slice(0, 200))} has no checksum by ${integrityFunctions.join(', ')}`);
  }
  return checksums;
}

function parseChecksum(token: string): Checksum | undefined {
  // What follows `?` are options, of which there are none yet.
  const [, name = '', base64 = ''] = /^([a-z0-9]+)-([A-Za-z0-9+/_-]+={0,2})(?:\?.*)?$/.exec(token) ?? [];
  if (name === '') throw wrong(`${JSON.stringify(token.slice(0, 200))} is not FUNCTION-BASE64`);
  const known = integrityFunctions.find((each) => each === name);
  if (known === undefined || whyUnavailable(known) !== undefined) return undefined;
  const hex = Buffer.from(base64, 'base64').toString('hex');
  if (hex.length !== digestFunctions[known].hexLength) {
    throw wrong(
      `${JSON.stringify(token.slice(0, 200))} is not a ${name} of ${digestFunctions[known].hexLength / 2} bytes`,
    );
  }
  return { function: known, hex };
}

/** As `checksum.sri` would have it: one spelling for each checksum. */
export function showIntegrity({ function: name, hex }: Checksum): string {
  return `${name}-${Buffer.from(hex, 'hex').toString('base64')}`;
}

function wrong(what: string): Failure {
  return new Failure('invalid_argument', `the qualifier checksum.sri: ${what}`);
}
