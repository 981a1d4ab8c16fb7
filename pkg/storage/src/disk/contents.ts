import type { Clock } from '@gorego/platform';
import { fileDiskBytes } from './blocks.ts';
import { type Entry, EntryIndex, type NewEntry, shardCount, storedBytesAt } from './index/entry-index.ts';
import { entryWords, field } from './index/entry-table.ts';
import type { IndexLog } from './index/index-log.ts';
import type { Key } from './index/key.ts';
import { Leaves } from './leaves.ts';
import type { Place } from './segments/segment-writer.ts';
import { Ticks } from './ticks.ts';

/** What is still wanted of a segment. */
export interface SegmentUse {
  records: number;
  /** Roughly: headers are taken to be those of SHA-256. */
  bytes: number;
}

const headerBytes = 68;

/** What a record takes in its segment. */
export function recordBytes(sizeBytes: number): number {
  return sizeBytes + headerBytes;
}

/** All that is known of what a directory holds. It changes here, and each change is written down. */
export class Contents {
  readonly index: EntryIndex;
  /** The directories of files of their own. */
  readonly leaves: Leaves = new Leaves();
  readonly #clock: Clock;
  readonly #segments = new Map<number, SegmentUse>();
  #fileBytes = 0;
  #log: Pick<IndexLog, 'set' | 'forget' | 'flush'> = { set: () => {}, forget: () => {}, flush: async () => {} };

  constructor(clock: Clock, index: EntryIndex = new EntryIndex()) {
    this.#clock = clock;
    this.index = index;
    for (let shard = 0; shard < shardCount; shard++) {
      const { words } = index.shard(shard);
      for (let at = 0; at < words.length; at += entryWords) {
        if (words[at + field.flags] === 0) continue;
        this.#count(words[at] as number, words[at + field.segment] as number, storedBytesAt(words, at));
      }
    }
  }

  /** Where changes are written down from now on. */
  writeTo(log: Pick<IndexLog, 'set' | 'forget' | 'flush'>): void {
    this.#log = log;
  }

  /** Resolves when what happened so far is written down. */
  writtenDown(): Promise<void> {
    return this.#log.flush();
  }

  /** Ticks. */
  get now(): number {
    return Ticks.of(this.#clock.now());
  }

  /** What files of their own take on the disk. */
  get fileBytes(): number {
    return this.#fileBytes;
  }

  /** What is wanted of a segment; undefined if nothing is. */
  useOf(segment: number): Readonly<SegmentUse> | undefined {
    return this.#segments.get(segment);
  }

  /** Returns what was known of the key before. */
  set(key: Key, entry: NewEntry): Entry | undefined {
    const before = this.index.set(key, entry);
    if (before !== undefined) this.#discount(key, before);
    this.#count(key.a, entry.segment, entry.packedBytes ?? entry.sizeBytes);
    this.#log.set(key);
    return before;
  }

  forget(key: Key): Entry | undefined {
    const entry = this.index.delete(key);
    if (entry === undefined) return undefined;
    this.#log.forget(key);
    this.#discount(key, entry);
    return entry;
  }

  /** Forgets the key if it is still what it was. */
  forgetSame(key: Key, { segment, offset }: Place): void {
    const entry = this.index.get(key);
    if (entry?.segment === segment && entry.offset === offset) this.forget(key);
  }

  /** Forgets whatever is in a segment. */
  forgetAllIn(segment: number): void {
    for (let shard = 0; shard < shardCount && this.#segments.has(segment); shard++) {
      const inIt = this.index.entries(shard, (words, at) => words[at + field.segment] === segment);
      for (const [key] of inIt) this.forget(key);
    }
  }

  /** It is somewhere else now, unless it has been replaced or forgotten meanwhile. */
  move(key: Key, from: Place, to: Place): void {
    const entry = this.index.get(key);
    if (entry?.segment === from.segment && entry.offset === from.offset) this.set(key, { ...entry, ...to });
  }

  /** `word` is the first of the key's. */
  #count(word: number, segment: number, storedBytes: number): void {
    if (segment === 0) {
      this.#fileBytes += fileDiskBytes(storedBytes);
      this.leaves.addFile(Leaves.of(word));
      return;
    }
    const use = this.#segments.get(segment);
    if (use === undefined) {
      this.#segments.set(segment, { records: 1, bytes: recordBytes(storedBytes) });
    } else {
      use.records++;
      use.bytes += recordBytes(storedBytes);
    }
  }

  #discount({ a }: Key, { segment, sizeBytes, packedBytes = sizeBytes }: Entry): void {
    if (segment === 0) {
      this.#fileBytes -= fileDiskBytes(packedBytes);
      this.leaves.removeFile(Leaves.of(a));
      return;
    }
    const use = this.#segments.get(segment);
    if (use === undefined) return;
    use.records--;
    use.bytes -= recordBytes(packedBytes);
    if (use.records === 0) this.#segments.delete(segment);
  }
}
