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
  const [first = '', second] = segments;
  const hex = second ?? first;
  const functionName = (second === undefined ? undefined : functions.segment(first)) ?? functions.ofLength(hex.length);
  if (hex !== digestFunctions[functionName].emptyHex) Digest.of(functionName, hex, anySizeBytes);
  return { functionName, hex };
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
