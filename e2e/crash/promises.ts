import type { Named } from '../../bench/requests.ts';
import type { MadeBlob } from './made-blobs.ts';

export interface PromisedAction {
  readonly action: Named;
  /** The newest version that was acknowledged; 0 for none. */
  acknowledged: number;
  /** The newest that was begun. */
  begun: number;
}

/** What a cache has acknowledged, and so has to have after whatever happens to it. */
export class Promises {
  readonly acknowledged: MadeBlob[] = [];
  /** Sent, and not acknowledged: they may be there, if they are right. */
  readonly begun: Map<string, MadeBlob> = new Map();
  readonly actions: PromisedAction[] = [];

  begin(blobs: readonly MadeBlob[]): void {
    for (const blob of blobs) this.begun.set(blob.hex, blob);
  }

  acknowledge(blobs: readonly MadeBlob[]): void {
    for (const blob of blobs) {
      this.begun.delete(blob.hex);
      this.acknowledged.push(blob);
    }
  }
}
