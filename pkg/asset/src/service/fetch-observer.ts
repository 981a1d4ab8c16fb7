import type { Digest } from '@gorego/digest';
import type { Failure } from '@gorego/errors';
import type { AssetKind } from './asset-request.ts';

/** Is told what was fetched, and from where: what one asks when a build got something strange. */
export interface FetchObserver {
  /** Nothing had to be fetched. */
  onKnown(kind: AssetKind): void;
  onFetched(fetched: {
    readonly kind: AssetKind;
    readonly uri: string;
    readonly digest: Digest;
    readonly sizeBytes: number;
    readonly ms: number;
  }): void;
  onFailure(failed: { readonly kind: AssetKind; readonly uri: string; readonly failure: Failure }): void;
  /** It was fetched, and a store would not remember it. */
  onForgotten(failed: { readonly kind: AssetKind; readonly uri: string; readonly failure: Failure }): void;
}

/** A URI for a log: without names, passwords and tokens. */
export function shownUri(uri: string): string {
  if (!URL.canParse(uri)) return uri.slice(0, 500);
  const { protocol, host, pathname } = new URL(uri);
  return `${protocol}//${host}${pathname}`.slice(0, 500);
}
