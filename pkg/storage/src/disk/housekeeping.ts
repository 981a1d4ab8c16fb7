import { type Context, throwIfEnded } from '@gorego/context';
import { fileDiskBytes } from './blocks.ts';
import { compacted } from './compaction.ts';
import { recordBytes } from './contents.ts';
import { areTooManyEmpty, removeEmpty } from './empty-directories.ts';
import { FileRemoval } from './file-removal.ts';
import { keyAt, shardCount, storedBytesAt, worthAt } from './index/entry-index.ts';
import { entryWords, field } from './index/entry-table.ts';
import type { Key } from './index/key.ts';
import type { KeySet } from './index/key-set.ts';
import type { Segment } from './segments/segment.ts';
import type { StoreParts } from './store-parts.ts';
import { Ticks } from './ticks.ts';

/** How old entries are taken to be when they are compared. */
export interface Aging {
  /** Until then everything is as old as it is, milliseconds; what comes on top is multiplied. */
  readonly exactMs: number;
  /** By this, for each class of worth from 0 to 7. */
  readonly factors: Float64Array;
}

/** Everything is as old as it is. */
export const plainAging: Aging = { exactMs: Number.POSITIVE_INFINITY, factors: new Float64Array(8) };

/** How much there is of what age. */
export interface Survey {
  /** Everything, bytes. */
  readonly bytes: number;
  /**
   * How old everything is now, milliseconds, beyond which there are about `bytes`: the least age to remove so much. Grows finer
   * the younger; exact to an eighth of a second for what was used in the last minutes.
   */
  ageOfOldest(bytes: number): number;
}

export interface Removed {
  readonly count: number;
  readonly bytes: number;
}

/** What whoever keeps house may know of a store, and do to it. */
export interface Housekeeping {
  /** What everything takes, as the disk counts. */
  readonly diskBytes: number;
  /** What segments hold that nobody wants any more: `compact` gives it back. */
  readonly deadBytes: number;
  survey(ctx: Context, aging?: Aging): Promise<Survey>;
  /** What of these is here has been used now. */
  touch(ctx: Context, keys: KeySet): Promise<void>;
  /** Removes what is oldest, down to that age, until so much has been removed. Readers finish reading. */
  evict(ctx: Context, ageMs: number, bytes: number, aging?: Aging, isEnough?: () => boolean): Promise<Removed>;
  /**
   * Gives back what segments hold for nobody, the emptiest first, as long as at least `share` of one is, and until
   * `isEnough`. What is still wanted moves; where there is no room for that, it goes too.
   */
  compact(ctx: Context, share: number, isEnough: () => boolean): Promise<void>;
}

/** A store's entries by age, and ways to be rid of them. */
export class StoreHousekeeping implements Housekeeping {
  readonly #parts: StoreParts;
  readonly #diskBytes: () => number;
  /** Lets others have their turn. */
  readonly #pause: () => Promise<void>;
  readonly #removal: FileRemoval;

  constructor(parts: StoreParts, diskBytes: () => number, pause: () => Promise<void>) {
    this.#parts = parts;
    this.#removal = new FileRemoval(parts);
    this.#diskBytes = diskBytes;
    this.#pause = pause;
  }

  get diskBytes(): number {
    return this.#diskBytes() + this.#removal.leavingBytes;
  }

  get deadBytes(): number {
    const { contents, segments } = this.#parts;
    return segments.all.reduce(
      (sum, { number, lengthBytes }) => sum + lengthBytes - (contents.useOf(number)?.bytes ?? 0),
      0,
    );
  }

  async survey(ctx: Context, aging: Aging = plainAging): Promise<Survey> {
    const { contents } = this.#parts;
    const { now } = contents;
    const { exactTicks, factors } = inTicks(aging);
    const bytesOf = new Float64Array(bucketCount);
    let bytes = 0;
    for (let shard = 0; shard < shardCount; shard++) {
      const { words } = contents.index.shard(shard);
      for (let at = 0; at < words.length; at += entryWords) {
        if (words[at + field.flags] === 0) continue;
        const entryBytes = bytesAt(words, at);
        const bucket = bucketOf(ageAt(words, at, now, exactTicks, factors));
        bytesOf[bucket] = (bytesOf[bucket] as number) + entryBytes;
        bytes += entryBytes;
      }
      if (words.length > pausedWords) await this.#pause();
      throwIfEnded(ctx);
    }
    return {
      bytes,
      ageOfOldest: (wanted) => {
        let sum = 0;
        let bucket = bucketCount - 1;
        for (; bucket > 0; bucket--) {
          sum += bytesOf[bucket] as number;
          if (sum >= wanted) break;
        }
        const agedSince = contents.now - now;
        return ((ageOfBucket(bucket) + agedSince) * 1000) / Ticks.perSecond;
      },
    };
  }

  async touch(ctx: Context, keys: KeySet): Promise<void> {
    const { contents } = this.#parts;
    let count = 0;
    for (const key of keys) {
      contents.index.touchHalf(key, contents.now);
      if (++count % pausedKeys > 0) continue;
      await this.#pause();
      throwIfEnded(ctx);
    }
  }

  async evict(
    ctx: Context,
    ageMs: number,
    bytes: number,
    aging: Aging = plainAging,
    isEnough: () => boolean = () => false,
  ): Promise<Removed> {
    const { contents } = this.#parts;
    const { now } = contents;
    const least = ticksOf(ageMs);
    const { exactTicks, factors } = inTicks(aging);
    const removed = { count: 0, bytes: 0 };
    // Another one first each time: what is of one age goes from everywhere.
    const first = Math.floor(this.#parts.fraction() * shardCount);
    for (let i = 0; i < shardCount && removed.bytes < bytes; i++) {
      throwIfEnded(ctx);
      const branch = (first + i) % shardCount;
      const { words } = contents.index.shard(branch);
      const victims: Key[] = [];
      for (let at = 0; at < words.length && removed.bytes < bytes; at += entryWords) {
        if (words[at + field.flags] === 0 || ageAt(words, at, now, exactTicks, factors) < least) continue;
        victims.push(keyAt(words, at));
        removed.count++;
        removed.bytes += bytesAt(words, at);
      }
      await this.#removal.remove(branch, victims);
      if (victims.length > 0 && isEnough()) break; // Directories went too.
      if (words.length > pausedWords) await this.#pause();
    }
    for (let branch = 0; branch < shardCount && areTooManyEmpty(this.#parts); branch++) {
      throwIfEnded(ctx);
      await removeEmpty(this.#parts, branch);
    }
    return removed;
  }

  async compact(ctx: Context, share: number, isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      throwIfEnded(ctx);
      const segment = this.#emptiest();
      if (segment === undefined || this.#deadShare(segment) < share) return;
      await compacted(ctx, this.#parts, segment);
      await this.#pause();
    }
  }

  /** The segment of which the least is wanted. The one that is being written is not for taking. */
  #emptiest(): Segment | undefined {
    const { segments } = this.#parts;
    let emptiest: Segment | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const segment of segments.all) {
      const share = this.#deadShare(segment);
      if (segment.number === segments.activeNumber || share <= most) continue;
      emptiest = segment;
      most = share;
    }
    return emptiest;
  }

  #deadShare({ number, lengthBytes }: Segment): number {
    return 1 - (this.#parts.contents.useOf(number)?.bytes ?? 0) / Math.max(1, lengthBytes);
  }
}

/** Tables larger than this are not gone through together with the next. */
const pausedWords = 4096;

/** Of a set of keys, so many are looked up together. */
const pausedKeys = 4096;

/** The first buckets are a tick each; after them, each is a 256th of an octave. */
const exactBuckets = 4096;
const octaveBuckets = 256;
const bucketCount = exactBuckets + octaveBuckets * 20;

function ticksOf(ms: number): number {
  return Math.floor((ms / 1000) * Ticks.perSecond);
}

function inTicks({ exactMs, factors }: Aging): { exactTicks: number; factors: Float64Array } {
  return { exactTicks: ticksOf(exactMs), factors };
}

/** How old an entry is taken to be, ticks. */
function ageAt(words: Uint32Array, at: number, now: number, exactTicks: number, factors: Float64Array): number {
  const ticks = now - (words[at + field.used] as number);
  if (ticks <= exactTicks) return ticks;
  return exactTicks + Math.floor((ticks - exactTicks) * (factors[worthAt(words, at)] as number));
}

function bucketOf(ticks: number): number {
  if (ticks < exactBuckets) return Math.max(0, ticks);
  return Math.min(bucketCount - 1, exactBuckets + Math.floor(Math.log2(ticks / exactBuckets) * octaveBuckets));
}

/** The least age in it, ticks. */
function ageOfBucket(bucket: number): number {
  return bucket < exactBuckets ? bucket : Math.floor(exactBuckets * 2 ** ((bucket - exactBuckets) / octaveBuckets));
}

function bytesAt(words: Uint32Array, at: number): number {
  const bytes = storedBytesAt(words, at);
  return words[at + field.segment] === 0 ? fileDiskBytes(bytes) : recordBytes(bytes);
}
