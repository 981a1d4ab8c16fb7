import type { Context } from '@gorego/context';
import { Digest, type DigestFunctionName, digestFunctions } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { DigestFunctions } from '@gorego/server';
import type { KnownSizes } from './known-sizes.ts';

/** A hash in a path: `<hash>`, its function told by its length, or `<function>/<hash>`. */
export interface HashName {
  readonly functionName: DigestFunctionName;
  readonly hex: string;
}

/** For a digest whose size nobody knows. */
export const anySizeBytes = 1;

/** `invalid_argument` for what isn't the hash of a function on offer. */
export function hashNameOf(segments: readonly string[], functions: DigestFunctions): HashName {
  const [hex = '', named] = segments.toReversed();
  const functionName = named === undefined ? functions.ofLength(hex.length) : functions.segment(named);
  if (functionName === undefined) {
    throw new Failure('invalid_argument', `digest function ${named?.slice(0, 100)} is not offered here`);
  }
  if (hex !== digestFunctions[functionName].emptyHex) Digest.of(functionName, hex, anySizeBytes);
  return { functionName, hex };
}

/** Could these segments be meant for a hash: one, or one behind the name of a function? */
export function isForHash(segments: readonly string[]): boolean {
  const [first = ''] = segments;
  return segments.length === 1 || (segments.length === 2 && Object.hasOwn(digestFunctions, first));
}

export function isHashName(segments: readonly string[], functions: DigestFunctions): boolean {
  try {
    hashNameOf(segments, functions);
    return true;
  } catch (reason) {
    if (reason instanceof Failure) return false;
    throw reason;
  }
}

/** Says how large a blob in an instance's tier 1 is. */
export type SizeOf = (
  ctx: Context,
  instance: string,
  functionName: DigestFunctionName,
  hex: string,
) => Promise<number | undefined>;

/**
 * The whole digest of a hash: the size is looked up in tier 1, or remembered. Undefined if neither knows: then nobody
 * who could be asked for the blob could be told which one.
 */
export async function digestOf(
  ctx: Context,
  instance: string,
  { functionName, hex }: HashName,
  sizes: KnownSizes,
  sizeOf: SizeOf,
): Promise<Digest | undefined> {
  if (hex === digestFunctions[functionName].emptyHex) return Digest.empty(functionName);
  const sizeBytes = (await sizeOf(ctx, instance, functionName, hex)) ?? sizes.of(functionName, hex);
  return sizeBytes === undefined ? undefined : Digest.of(functionName, hex, sizeBytes);
}
