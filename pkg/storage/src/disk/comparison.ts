import type { Context, TaskGroup } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import type { Clock } from '@gorego/platform';
import { adoptRecords } from './adoption.ts';
import type { Recovered } from './index/recovered.ts';
import { type Reconciled, reconcile } from './reconciliation.ts';
import type { StoreParts } from './store-parts.ts';
import { checkSuspects } from './suspects.ts';

/** Between two beginnings of one that failed. */
const againMs = 60_000;

export interface ComparisonInit {
  readonly parts: Pick<StoreParts, 'disk' | 'contents' | 'segments' | 'staging'>;
  readonly clock: Clock;
  readonly tasks: Pick<TaskGroup, 'spawn' | 'size'>;
  readonly found: Recovered;
  /** Hashes a blob that may be something else since the power went. */
  readonly check: (ctx: Context, digest: Digest) => Promise<void>;
  readonly onProgress: (share: number) => void;
  /** All that is in the directory is known by now. */
  readonly onDone: (result: Reconciled) => Promise<void>;
}

/** After a start, compares what is in the directory with what is known of it, while the store is in use. */
export class Comparison {
  readonly #init: ComparisonInit;
  #share: number | undefined = 0;
  #beginsMs = Number.NEGATIVE_INFINITY;

  constructor(init: ComparisonInit) {
    this.#init = init;
  }

  /** How much of it is done, from 0 to 1; undefined once all of it is. */
  get share(): number | undefined {
    return this.#share;
  }

  /** Begins it; one that has failed is begun anew, after a while. */
  begin(): void {
    const { clock, tasks } = this.#init;
    if (this.#share === undefined || tasks.size > 0 || clock.monotonic() < this.#beginsMs) return;
    this.#beginsMs = clock.monotonic() + againMs;
    tasks.spawn('compare the directory with the index', (ctx) => this.#run(ctx));
  }

  async #run(ctx: Context): Promise<void> {
    const { parts, found, check, onProgress, onDone } = this.#init;
    const { contents, segments } = parts;
    if (!found.isComplete) {
      for (const segment of segments.all) {
        if (segment.number !== segments.activeNumber) await adoptRecords(contents, segment, 0, { verifies: false });
      }
    }
    await checkSuspects(ctx, contents, segments);
    const result = await reconcile(ctx, parts, {
      check: (digest) => check(ctx, digest),
      onProgress: (share) => {
        this.#share = share;
        onProgress(share);
      },
    });
    this.#share = undefined;
    await onDone(result);
  }
}
