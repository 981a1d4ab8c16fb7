import type { Digest } from '@gorego/digest';
import type { Failure } from '@gorego/errors';

/** Is told what happens between the tiers. All of it is worth a counter, some of it a line in the log. */
export interface ProxyObserver {
  /** Tier 1 failed at something that could be done without it. */
  onNearFailure(doing: 'read' | 'fill' | 'keep' | 'look', digest: Digest | undefined, failure: Failure): void;
  /** A miss became a download; `joined` says that it was under way already. */
  onDownload(digest: Digest, joined: boolean): void;
  /** The upstream had lost a blob that tier 1 has; it has it again, or `failure` says why not. */
  onRepair(digest: Digest, failure: Failure | undefined): void;
  /** The upstream was told that so many blobs are in use. */
  onTouch(count: number): void;
  /** An action's result came from tier 1 alone, for want of the upstream. */
  onStale(action: Digest): void;
}

export const unobserved: ProxyObserver = {
  onNearFailure: () => {},
  onDownload: () => {},
  onRepair: () => {},
  onTouch: () => {},
  onStale: () => {},
};
