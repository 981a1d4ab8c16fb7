import { background, type Context, TaskGroup } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import type { Failure } from '@gorego/errors';
import type { Clock, Disk, Random } from '@gorego/platform';
import type { Account } from '../account.ts';
import type { KeptActions } from '../action-cache.ts';
import type { SizingStore, StagingStore } from '../blob-store.ts';
import { endlessRoom, type Room } from '../room.ts';
import { AccessTimes } from './access-times.ts';
import { accounted, accountedActions } from './accounted.ts';
import { caughtUp } from './adoption.ts';
import { blockBytes } from './blocks.ts';
import { Comparison } from './comparison.ts';
import { Contents } from './contents.ts';
import { DiskPath } from './disk-path.ts';
import { FileReading } from './file-reading.ts';
import { type Housekeeping, StoreHousekeeping } from './housekeeping.ts';
import { IndexFiles } from './index/index-files.ts';
import { IndexLog } from './index/index-log.ts';
import { Key } from './index/key.ts';
import { type Recovered, recovered } from './index/recovered.ts';
import { KeyLocks } from './key-locks.ts';
import { LocalActions } from './local-actions.ts';
import { LocalBlobs } from './local-blobs.ts';
import { packedForm } from './packed-form.ts';
import { PieceBudget } from './piece-budget.ts';
import { plainForm } from './plain-form.ts';
import { Quarantine } from './quarantine.ts';
import { RecentFiles } from './recent-files.ts';
import { reconcile } from './reconciliation.ts';
import { forgetRemoved, isActiveThere } from './removal.ts';
import { Segments } from './segments/segments.ts';
import { Staging } from './staging.ts';
import type { StoreParts } from './store-parts.ts';
import { everything, type Stored } from './walk.ts';

/** What the outside world lends a LocalStore, and how it is to be. */
export interface LocalStoreInit {
  /** The directory that is the store's alone. Made if it is missing. */
  readonly disk: Disk;
  readonly random: Random;
  readonly clock: Clock;
  /** Tells one run of the machine from another. Without it, each start takes the last one to have lost its power. */
  readonly boot?: string | undefined;
  /** Space for what is stored; endless if nobody keeps house. */
  readonly room?: Room;
  /** Told what callers are told. */
  readonly account?: Account;
  /** Blobs up to this many bytes share files; 0 gives each its own. */
  readonly segmentThreshold?: number;
  /** How long these files get. */
  readonly segmentBytes?: number;
  /** What has been acknowledged survives the end of the process, or a loss of power. */
  readonly durability?: 'process' | 'power';
  /** How blobs are written down that get smaller by it. */
  readonly compression?: 'off' | 'zstd';
  /** Whether the file system is told when files are used. */
  readonly forceUpdateAtime?: boolean;
  readonly observer?: StoreObserver;
}

/** Told what a person may want to know. */
export interface StoreObserver {
  /** Bytes are not what their name says; they were there, and are set aside. */
  readonly onCorrupt?: (digest: Digest, where: string) => void;
  /** Somebody removed files that are in use: the store goes on with what is left. */
  readonly onRemoved?: () => void;
  /** Something nobody waits for failed. */
  readonly onTrouble?: (what: string, failure: Failure) => void;
  /** The directory is compared with what is known of it: so much of it is done. */
  readonly onProgress?: (share: number) => void;
  /** It is done. */
  readonly onReconciled?: (found: { adopted: number; ghosts: number; strangers: readonly string[] }) => void;
}

const defaults = {
  segmentThreshold: 64 * 1024,
  segmentBytes: 64 * 1024 * 1024,
  durability: 'process',
  compression: 'off',
} as const;

/** What of uploads waits in memory to be written. */
const gathering = { bytesTarget: 8 * 1024 * 1024, pieceBytesMin: 64 * 1024, pieceBytesMax: 256 * 1024 };

/** How often it is asked whether a snapshot is due; and when it is, whatever little happened. */
const snapshotCheckMs = 10_000;
const snapshotEveryMs = 10 * 60_000;

/** The store's own, and those of blobs, segments, the index, what is staged and what is set aside. */
const directories = 6;

/** Tier 1: a directory of blobs and action results near the builders. */
export class LocalStore implements AsyncDisposable {
  readonly blobs: StagingStore & SizingStore;
  /** For whoever keeps house. */
  readonly housekeeping: Housekeeping;
  readonly #parts: StoreParts;
  readonly #blobs: LocalBlobs;
  readonly #log: IndexLog;
  readonly #init: LocalStoreInit;
  readonly #tasks: TaskGroup;
  readonly #accessTimes: AccessTimes;
  readonly #comparison: Comparison;
  #stopTimer: () => void = () => {};
  #lastSnapshotMs: number;

  private constructor(init: LocalStoreInit, parts: Omit<StoreParts, OwnParts>, log: IndexLog, start: Start) {
    this.#init = init;
    this.#log = log;
    this.#lastSnapshotMs = init.clock.monotonic();
    const onTrouble = (what: string, failure: Failure): void => init.observer?.onTrouble?.(what, failure);
    this.#tasks = new TaskGroup(background(), onTrouble);
    const spawn: StoreParts['spawn'] = (what, run) => this.#tasks.spawn(what, run);
    this.#accessTimes = new AccessTimes(init.disk, init.clock, spawn);
    this.#parts = {
      ...parts,
      spawn,
      onFileUsed: init.forceUpdateAtime === true ? (digest) => this.#accessTimes.note(digest) : undefined,
      mayHaveStrangers: () => this.#comparison.share !== undefined,
      fraction: () => init.random.fraction(),
      onCorrupt: (digest, where) => init.observer?.onCorrupt?.(digest, where),
    };
    this.#blobs = new LocalBlobs(this.#parts);
    this.blobs = init.account === undefined ? this.#blobs : accounted(this.#blobs, init.account);
    const pause = (): Promise<void> => new Promise((resolve) => void init.clock.after(0, resolve));
    this.housekeeping = new StoreHousekeeping(this.#parts, () => this.diskBytes, pause);
    this.#comparison = this.#comparisonAfter(start);
    this.#comparison.begin();
    this.#snapshotLater();
  }

  /**
   * Opens the store in `disk`, and knows what is in it: the time it takes does not depend on how much that is. Fails as
   * the disk does: `permission_denied`, `resource_exhausted`, `internal`.
   */
  static async open(init: LocalStoreInit): Promise<LocalStore> {
    const { disk, random, clock, room = endlessRoom } = init;
    const { segmentThreshold, segmentBytes, durability, compression } = { ...defaults, ...init };
    const staging = new Staging(disk, random);
    await staging.prepare();
    await disk.makeDirectory(DiskPath.blobs);
    const boot = init.boot ?? random.hex(16);
    const found = await recovered(disk, boot);
    const segments = await Segments.open({ disk, segmentBytes, durability });
    const contents = new Contents(clock, found.index);
    const changes = await caughtUp(contents, segments, found);
    const log = await IndexLog.begin({
      ...{ disk, clock, boot, index: contents.index, generation: found.nextGeneration },
      facts: () => ({ ticks: contents.now, segmentEnds: segments.ends }),
      onFailure: (failure) => init.observer?.onTrouble?.('write down what is stored', failure),
    });
    contents.writeTo(log);
    const quarantine = await Quarantine.open(disk, random);
    const reading = new FileReading();
    const parts = {
      locks: new KeyLocks(),
      gathering: new PieceBudget(gathering),
      forms: { plain: plainForm(reading), packed: packedForm(reading) },
      recentFiles: new RecentFiles(),
      disk,
      contents,
      segments,
      staging,
      quarantine,
      room,
      durability,
      compression,
      segmentThreshold,
    };
    return new LocalStore(init, parts, log, { found, isChanged: changes > 0 });
  }

  /** The action results of one instance; the blobs are everybody's. */
  actions(instance: string): KeptActions {
    const actions = new LocalActions(this.#parts, instance);
    const { account } = this.#init;
    return account === undefined ? actions : accountedActions(actions, instance, account);
  }

  /** What `appraise` made of a result; 0 if nothing. */
  worthOf(instance: string, action: Digest): number {
    return this.#parts.contents.index.worth(Key.ofAction(instance, action));
  }

  /**
   * A result and the blobs it needs are worth that class, from 0 to 7, unless they are worth more already; all of them have
   * been used now, so that they go together. What is not here is left out.
   */
  appraise(instance: string, action: Digest, blobs: Iterable<Digest>, worth: number): void {
    const { index, now } = this.#parts.contents;
    index.appraise(Key.ofAction(instance, action), worth, now);
    for (const blob of blobs) index.appraise(Key.ofBlob(blob), worth, now);
  }

  /** Blobs and results. */
  get count(): number {
    return this.#parts.contents.index.count;
  }

  /** How much of the directory has been compared with what is known of it, from 0 to 1; undefined once all of it has been. */
  get comparedShare(): number | undefined {
    return this.#comparison.share;
  }

  /** What it all takes, as the disk counts. */
  get diskBytes(): number {
    const { contents, segments, quarantine } = this.#parts;
    const files = contents.fileBytes + segments.diskBytes + quarantine.diskBytes + this.#log.diskBytes;
    return files + contents.leaves.diskBytes + directories * blockBytes;
  }

  /** Everything that is stored, as it lies on the disk. */
  everything(ctx: Context): AsyncIterable<Stored> {
    return everything(ctx, this.#parts);
  }

  /**
   * Hashes something stored; what is wrong is set aside, so that an upload or a backing cache can mend it. What is right
   * is no younger for it.
   */
  async checked(
    ctx: Context,
    { kind, digest, instance }: Pick<Stored, 'kind' | 'digest' | 'instance'>,
  ): Promise<boolean> {
    if (kind === 'action') return await new LocalActions(this.#parts, instance).isRight(ctx, digest);
    return await this.#blobs.isRight(ctx, digest);
  }

  /**
   * Did somebody remove what is open? Then what was in it is forgotten, and the rest is gone through: what is brought
   * from then on is stored like anything else. A comparison of the directory that failed is begun anew, after a while.
   */
  async mend(ctx: Context): Promise<void> {
    const { disk } = this.#parts;
    if (this.#comparison.share !== undefined) return this.#comparison.begin();
    const isWhole = (await this.#log.isThere()) && (await isActiveThere(this.#parts));
    if (isWhole) return;
    this.#init.observer?.onRemoved?.();
    await forgetRemoved(this.#parts);
    await disk.makeDirectory(IndexFiles.directory);
    const { ghosts } = await reconcile(ctx, this.#parts, { check: async () => {} });
    await this.#log.snapshot();
    if (ghosts > 0) this.#init.observer?.onReconciled?.({ adopted: 0, ghosts, strangers: [] });
  }

  /** Resolves when the directory has been compared with what is known of it. */
  async reconciled(): Promise<void> {
    await this.#tasks.idle();
  }

  /** Ends in order: the next start need not look at anything. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopTimer();
    this.#accessTimes[Symbol.dispose]();
    await this.#accessTimes.flush().catch(() => {}); // For outside tools alone; the store has times of its own.
    await this.#tasks[Symbol.asyncDispose]();
    await this.#parts.segments.idle();
    if (this.#comparison.share !== undefined) await this.#log.leave();
    else await this.#log.close();
    await this.#parts.segments.close();
  }

  #comparisonAfter({ found, isChanged }: Start): Comparison {
    const { clock, observer } = this.#init;
    return new Comparison({
      ...{ parts: this.#parts, clock, tasks: this.#tasks, found },
      check: async (ctx, digest) => {
        await this.#blobs.isRight(ctx, digest);
      },
      onProgress: (share) => observer?.onProgress?.(share),
      onDone: async (result) => {
        observer?.onReconciled?.(result);
        if (!found.isClean || isChanged || this.#log.isDirty) await this.#log.snapshot();
      },
    });
  }

  #snapshotLater(): void {
    const { clock } = this.#init;
    this.#stopTimer = clock.after(snapshotCheckMs, () => {
      const isDue = this.#log.isDirty && clock.monotonic() - this.#lastSnapshotMs > snapshotEveryMs;
      if ((isDue || this.#log.isLong) && this.#comparison.share === undefined) {
        this.#lastSnapshotMs = clock.monotonic();
        void this.#log.snapshot();
      }
      this.#snapshotLater();
    });
  }
}

type OwnParts = 'mayHaveStrangers' | 'fraction' | 'spawn' | 'onCorrupt' | 'onFileUsed';

/** What a start came upon. */
interface Start {
  readonly found: Recovered;
  /** Was there anything that the index did not know? */
  readonly isChanged: boolean;
}
