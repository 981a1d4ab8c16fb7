export { nodeWeb } from './origin/node-web.ts';
export type { Web, WebResponse } from './origin/web.ts';
export { isIn, type Network, parseAddress, parseNetwork } from './policy/address.ts';
export { Policy, type PolicyInit } from './policy/policy.ts';
export { type RemoteAssetInit, remoteAsset } from './remote-asset.ts';
export type { HeaderMap } from './request/origin-headers.ts';
export type { AssetKind } from './service/asset-request.ts';
export { type FetchObserver, shownUri } from './service/fetch-observer.ts';
export type { SizeOf } from './service/known-assets.ts';
