import type { DigestFunctionName } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { FetchBlobRequest, Qualifier } from '@gorego/proto/build/bazel/remote/asset/v1/remote_asset';
import type { DigestFunctions, Instance, Instances } from '@gorego/server';
import { parseQualifiers, type Qualifiers } from '../request/qualifiers.ts';
import { millisecondsOf, timeoutOf } from './times.ts';

export type AssetKind = 'blob' | 'directory';

/** What one of the four methods is about: content of a kind, by its URIs and qualifiers, in an instance. */
export interface Asset {
  readonly kind: AssetKind;
  readonly instance: Instance;
  readonly functionName: DigestFunctionName;
  readonly uris: readonly string[];
  readonly qualifiers: Qualifiers;
}

export interface FetchRequest extends Asset {
  readonly timeoutMs: number;
  /** What was brought in before this moment will not do. Milliseconds since the epoch. */
  readonly oldestMs: number;
}

const urisMax = 64;
const uriCharactersMax = 8192;

/** `invalid_argument` for what can't be meant. */
export function asset(
  kind: AssetKind,
  instance: Instance,
  functionName: DigestFunctionName,
  { uris, qualifiers }: { readonly uris: readonly string[]; readonly qualifiers: readonly Qualifier[] },
): Asset {
  if (uris.length === 0) throw new Failure('invalid_argument', 'no uris');
  if (uris.length > urisMax) throw new Failure('invalid_argument', `${uris.length} uris; ${urisMax} is the most`);
  for (const uri of uris) {
    if (uri === '') throw new Failure('invalid_argument', 'an empty uri');
    if (uri.length > uriCharactersMax) {
      throw new Failure('invalid_argument', `a uri of ${uri.length} characters; ${uriCharactersMax} is the most`);
    }
  }
  return { kind, instance, functionName, uris, qualifiers: parseQualifiers(qualifiers, uris) };
}

/** Reads a FetchBlobRequest or FetchDirectoryRequest. */
export function fetchRequest(
  kind: AssetKind,
  request: FetchBlobRequest,
  instances: Instances,
  functions: DigestFunctions,
  longestMs: number,
): FetchRequest {
  const { instanceName, timeout, oldestContentAccepted: oldest } = request;
  const functionName = functions.named(request.digestFunction) ?? defaultFunction(functions);
  return {
    ...asset(kind, instances(instanceName), functionName, request),
    timeoutMs: timeoutOf(timeout, longestMs),
    oldestMs: oldest === undefined ? Number.NEGATIVE_INFINITY : millisecondsOf(oldest),
  };
}

/** SHA256, unless it isn't offered here. */
function defaultFunction({ offered }: DigestFunctions): DigestFunctionName {
  const [first] = offered;
  return first === undefined || offered.includes('sha256') ? 'sha256' : first;
}
