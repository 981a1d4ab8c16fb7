import { type Context, type Tasks, withTimeout } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import type { Downloader } from '../origin/download.ts';
import { OriginFailure } from '../origin/origin-failure.ts';
import type { Checksum } from '../request/integrity.ts';
import type { Spooled } from '../spool.ts';
import type { FetchRequest } from './asset-request.ts';
import type { FetchObserver } from './fetch-observer.ts';
import { Flights } from './flights.ts';
import type { KnownAsset, KnownAssets } from './known-assets.ts';
import { checkSupported } from './unsupported.ts';

export interface FetcherInit {
  readonly known: KnownAssets;
  readonly downloader: Downloader;
  readonly clock: Clock;
  readonly tasks: Tasks;
  readonly observer: FetchObserver;
  /** Makes a directory of an archive, in the CAS, and says its root. Its failures are OriginFailures, or the store's. */
  readonly unpack: (ctx: Context, archive: Spooled, request: FetchRequest) => Promise<Digest>;
}

/** Brings assets into the CAS: from what is known of them, or from where they are. */
export class Fetcher {
  readonly #init: FetcherInit;
  readonly #flights: Flights<KnownAsset>;

  constructor(init: FetcherInit) {
    this.#init = init;
    this.#flights = new Flights(init.tasks, init.clock);
  }

  /** An OriginFailure says that it can't be had; any other, that we could not. */
  async fetch(ctx: Context, request: FetchRequest): Promise<KnownAsset> {
    const { known, clock, observer } = this.#init;
    const found = await known.find(ctx, request, request.oldestMs, clock.now());
    if (found !== undefined) {
      observer.onKnown(request.kind);
      return found;
    }
    checkSupported(request.qualifiers.unsupported);
    // Content from the future can't be had: that from now on is what is meant.
    const sinceMs = Math.min(request.oldestMs, clock.now());
    return this.#flights.join(ctx, nameOf(request), sinceMs, (own) => this.#bring(own, request));
  }

  async #bring(ctx: Context, request: FetchRequest): Promise<KnownAsset> {
    const { clock, observer } = this.#init;
    const { kind, timeoutMs } = request;
    const began = clock.monotonic();
    const sinceMs = clock.now();
    using limited = withTimeout(ctx, clock, timeoutMs, 'fetching');
    try {
      const { uri, digest, sizeBytes, checksums } = await this.#store(limited, request);
      const brought = { uri, digest, sinceMs };
      await this.#remember(limited, request, brought, checksums);
      observer.onFetched({ kind, uri, digest, sizeBytes, ms: clock.monotonic() - began });
      return brought;
    } catch (reason) {
      // Where the time goes is the origin's: nothing else of this takes long.
      const failure =
        limited.ended !== undefined && reason === limited.ended ? OriginFailure.of(limited.ended) : reason;
      if (failure instanceof Failure) observer.onFailure({ kind, uri: uriOf(failure, request), failure });
      throw failure;
    }
  }

  async #store(ctx: Context, request: FetchRequest): Promise<Stored> {
    const { downloader, unpack } = this.#init;
    const { uris, kind, functionName, instance, qualifiers } = request;
    const { headers, checksums } = qualifiers;
    const { uri, content } = await downloader.download(ctx, { uris, headers, checksums, functionName });
    await using owned = content;
    const { sizeBytes, digest } = owned;
    const found = Array.from(owned.hashes, ([name, hex]): Checksum => ({ function: name, hex }));
    if (kind === 'directory') {
      const root = await unpack(ctx, owned, request).catch((reason: unknown) => {
        throw reason instanceof OriginFailure ? reason.from(uri) : reason;
      });
      return { uri, sizeBytes, checksums: found, digest: root };
    }
    await instance.blobs.put(ctx, digest, owned.open());
    return { uri, sizeBytes, checksums: found, digest };
  }

  /** Content that is here is here, even if a store won't have it remembered. */
  async #remember(
    ctx: Context,
    request: FetchRequest,
    known: KnownAsset,
    checksums: readonly Checksum[],
  ): Promise<void> {
    try {
      await this.#init.known.remember(ctx, request, known, checksums);
    } catch (reason) {
      if (!(reason instanceof Failure)) throw reason;
      this.#init.observer.onForgotten({ kind: request.kind, uri: known.uri, failure: reason });
    }
  }
}

interface Stored {
  readonly uri: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly checksums: readonly Checksum[];
}

function uriOf(failure: Failure, { uris }: FetchRequest): string {
  return (failure instanceof OriginFailure ? failure.uri : undefined) ?? uris[0] ?? '';
}

/** The same for requests that would do the very same. */
function nameOf({ kind, instance, functionName, uris, qualifiers, timeoutMs }: FetchRequest): string {
  const headers = uris.map((_, i) => qualifiers.headers(i));
  return JSON.stringify([kind, instance.name, functionName, uris, qualifiers.identity, headers, timeoutMs]);
}
