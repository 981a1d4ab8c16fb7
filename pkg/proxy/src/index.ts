export type { ProxyObserver } from './proxy-observer.ts';
export { unobserved } from './proxy-observer.ts';
export { type Far, type Near, type ProxyInstance, ProxyStore, type ProxyStoreInit } from './proxy-store.ts';
export {
  type ReconnectingClient,
  type RemoteObserver,
  RemoteStore,
  type RemoteStoreInit,
} from './remote/remote-store.ts';
export { type UpstreamHeaders, upstreamHeaders } from './remote/upstream-headers.ts';
export { defaultThresholds, type Thresholds } from './thresholds.ts';
