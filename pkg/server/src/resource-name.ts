import { type CodecName, isCodecName } from '@gorego/compression';
import { Digest, digestFunctionNames } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { validInstanceName } from './instances.ts';
import type { DigestFunctions } from './wire-digest.ts';

/** What a ByteStream resource name names (REAPI, at ContentAddressableStorage). */
export interface ResourceName {
  readonly instance: string;
  readonly digest: Digest;
  /** How the bytes are compressed on their way; undefined if they go as they are. */
  readonly compressor: CodecName | undefined;
}

/** Far above any real name; what is longer is not even looked at. */
const nameCharactersMax = 2000;

/**
 * Reads the name of a blob to read: `[instance/]blobs/[function/]hash/size`, or `compressed-blobs/compressor/` in place of
 * `blobs/`. A leading slash stands for the empty instance, as moon writes it.
 */
export function parseReadName(name: string, functions: DigestFunctions): ResourceName {
  const segments = split(name);
  const at = segments.findIndex((segment) => segment === 'blobs' || segment === 'compressed-blobs');
  if (at < 0) malformed(name, 'no blobs/ in it');
  const { digest, compressor, rest } = blobOf(name, segments.slice(at), functions);
  if (rest.length > 0) malformed(name, `${JSON.stringify(rest.join('/'))} follows the size`);
  return { instance: validInstanceName(segments.slice(0, at).join('/')), digest, compressor };
}

/** A blob to write, and the client's own name for doing so. */
export interface UploadName extends ResourceName {
  readonly uuid: string;
}

/** Equal for names of the same upload, whatever metadata they carry. */
export function uploadName({ instance, uuid, compressor, digest }: UploadName): string {
  return [instance, compressor, digest, uuid].join('\n'); // None but the last may have a line’s end in it.
}

/** Reads the name of a blob to write: `[instance/]uploads/uuid/blobs/…`, with any metadata after it. */
export function parseWriteName(name: string, functions: DigestFunctions): UploadName {
  const segments = split(name);
  const at = segments.indexOf('uploads');
  if (at < 0) malformed(name, 'no uploads/ in it');
  const uuid = segments[at + 1];
  if (!uuid) malformed(name, 'no uuid after uploads/');
  const { digest, compressor } = blobOf(name, segments.slice(at + 2), functions);
  return { instance: validInstanceName(segments.slice(0, at).join('/')), digest, compressor, uuid };
}

/** Reads `blobs/[function/]hash/size`, or `compressed-blobs/compressor/…`, and says what comes after it. */
function blobOf(
  name: string,
  segments: readonly string[],
  functions: DigestFunctions,
): { digest: Digest; compressor: CodecName | undefined; rest: readonly string[] } {
  const { compressor, after } = formOf(name, segments);
  const named = reapiFunctions.has(after[0] ?? '') ? after[0] : undefined;
  const [hash, size, ...rest] = named === undefined ? after : after.slice(1);
  if (hash === undefined || size === undefined) malformed(name, 'no hash/size after blobs/');
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size)) malformed(name, `${JSON.stringify(size)} is no size`);
  const functionName = named === undefined ? functions.ofLength(hash.length) : functions.segment(named);
  if (functionName === undefined) malformed(name, `digest function ${named} is not offered here`);
  return { digest: Digest.of(functionName, hash, Number(size)), compressor, rest };
}

function formOf(
  name: string,
  [kind, ...after]: readonly string[],
): { compressor: CodecName | undefined; after: readonly string[] } {
  if (kind === 'blobs') return { compressor: undefined, after };
  if (kind !== 'compressed-blobs') malformed(name, 'no blobs/ where it should be');
  const [compressor = '', ...rest] = after;
  if (!isCodecName(compressor)) malformed(name, `no compressor ${JSON.stringify(compressor)}`);
  return { compressor, after: rest };
}

/** Every DigestFunction.Value as a segment; goREgo need not offer it to know that it isn't a hash. */
const reapiFunctions: ReadonlySet<string> = new Set([...digestFunctionNames, 'murmur3']);

function split(name: string): string[] {
  if (name.length > nameCharactersMax) malformed(name.slice(0, 100), `${name.length} characters`);
  return (name.startsWith('/') ? name.slice(1) : name).split('/');
}

function malformed(name: string, why: string): never {
  throw new Failure('invalid_argument', `not the resource name of a blob: ${JSON.stringify(name)}: ${why}`);
}
