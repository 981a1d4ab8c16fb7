import { Digest } from '@gorego/digest';
import { methodPath } from '@gorego/proto';
import {
  type FetchBlobRequest,
  FetchBlobResponse,
  FetchDirectoryResponse,
  FetchDefinition as service,
} from '@gorego/proto/build/bazel/remote/asset/v1/remote_asset';
import type { Call, Routes } from '@gorego/rpc';
import { type DigestFunctions, digestMessage, entryStatusOf, type Instances, ok, unary } from '@gorego/server';
import { OriginFailure } from '../origin/origin-failure.ts';
import { type AssetKind, fetchRequest } from './asset-request.ts';
import type { Fetcher } from './fetcher.ts';
import { timestampOf } from './times.ts';

export interface FetchInit {
  readonly instances: Instances;
  readonly functions: DigestFunctions;
  readonly fetcher: Fetcher;
  /** How long one fetch may take, whatever a client says. Milliseconds. */
  readonly timeoutMs: number;
}

/** What FetchBlobResponse and FetchDirectoryResponse share, and the digest for the field that they don't. */
type Answer = Pick<FetchBlobResponse, 'status' | 'uri' | 'qualifiers' | 'expiresAt' | 'digestFunction'> & {
  readonly digest: Digest | undefined;
};

/**
 * The Remote Asset API's Fetch. What an origin did is in the answer; what we could not do, or the client not mean, is
 * the call's own status.
 */
export function fetchRoutes(init: FetchInit): Routes {
  const { fetchBlob, fetchDirectory } = service.methods;
  return {
    [methodPath(service, 'fetchBlob')]: unary(fetchBlob, async (call, request) => {
      const { digest, ...answer } = await fetched(init, 'blob', call, request);
      return FetchBlobResponse.fromPartial({ ...answer, ...(digest && { blobDigest: digestMessage(digest) }) });
    }),
    [methodPath(service, 'fetchDirectory')]: unary(fetchDirectory, async (call, request) => {
      const { digest, ...answer } = await fetched(init, 'directory', call, request);
      return FetchDirectoryResponse.fromPartial({
        ...answer,
        ...(digest && { rootDirectoryDigest: digestMessage(digest) }),
      });
    }),
  };
}

async function fetched(init: FetchInit, kind: AssetKind, call: Call, message: FetchBlobRequest): Promise<Answer> {
  const request = fetchRequest(kind, message, init.instances, init.functions, init.timeoutMs);
  const qualifiers = [...request.qualifiers.shown];
  try {
    const { uri, digest, expiresMs } = await init.fetcher.fetch(call, request);
    return {
      ...{ status: ok, uri, qualifiers, digest },
      expiresAt: expiresMs === undefined ? undefined : timestampOf(expiresMs),
      digestFunction: Digest.function(digest).number as FetchBlobResponse['digestFunction'],
    };
  } catch (reason) {
    if (!(reason instanceof OriginFailure)) throw reason;
    const [first = ''] = request.uris;
    const status = entryStatusOf(reason);
    return { status, uri: reason.uri ?? first, qualifiers, expiresAt: undefined, digest: undefined, digestFunction: 0 };
  }
}
