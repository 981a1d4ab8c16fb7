import type { Disk, DiskFile } from '@gorego/platform';
import { unlessDamaged } from '../damage.ts';
import { Ticks } from '../ticks.ts';
import { EntryIndex } from './entry-index.ts';
import { field } from './entry-table.ts';
import { IndexFiles } from './index-files.ts';
import { JournalHeader, replay } from './journal.ts';
import { Snapshot } from './snapshot.ts';

/**
 * What was written in the last seconds before a loss of power may be lost, or worse, be something else: Linux writes what
 * is older than half a minute.
 */
const unsettledTicks = 120 * Ticks.perSecond;

/** What a start learns from the files of the index. */
export interface Recovered {
  readonly index: EntryIndex;
  /** Is all known that the directory held? If not, everything must be looked at. */
  readonly isComplete: boolean;
  /** Did the last run end in order? */
  readonly isClean: boolean;
  /** What was used since that tick may not have reached the disk before the power went; undefined for nothing. */
  readonly suspectFrom: number | undefined;
  /** From where on a segment's records may be unknown. */
  readonly segmentEnds: ReadonlyMap<number, number>;
  /** The first generation that no file is of. */
  readonly nextGeneration: number;
}

/** Reads the newest snapshot that is right, and the journals since. Damage costs time, never an error. */
export async function recovered(disk: Disk, boot: string): Promise<Recovered> {
  const { snapshots, journals } = await IndexFiles.list(disk);
  const base = await newest(disk, snapshots);
  const index = base?.index ?? new EntryIndex();
  const segmentEnds = new Map(base?.segmentEnds);
  const since = journals.filter((generation) => generation >= (base?.generation ?? 0));
  let suspectFrom = Number.POSITIVE_INFINITY;
  let last = base?.ticks ?? 0;
  for (const generation of since) {
    const journal = await journalOf(disk, generation);
    const isOfThisBoot = JournalHeader.isOf(boot, journal);
    if (isOfThisBoot === undefined) continue; // It ended before it began.
    last = Math.max(last, replayed(journal, index, segmentEnds));
    if (!isOfThisBoot) suspectFrom = Math.min(suspectFrom, last - unsettledTicks);
  }
  return {
    index,
    isComplete: base !== undefined,
    isClean: base !== undefined && since.length === 0,
    suspectFrom: suspectFrom === Number.POSITIVE_INFINITY ? undefined : suspectFrom,
    segmentEnds,
    nextGeneration: 1 + Math.max(0, ...snapshots, ...journals),
  };
}

/** Returns when its last change was written down, ticks. */
function replayed(journal: Uint8Array, index: EntryIndex, segmentEnds: Map<number, number>): number {
  const { ticks } = replay(journal, index, (words, at) => {
    const segment = words[at + field.segment] as number;
    if (segment === 0) return;
    // Its last record is looked at once more: how long it is, its header says.
    segmentEnds.set(segment, Math.max(words[at + field.offset] as number, segmentEnds.get(segment) ?? 0));
  });
  return ticks;
}

interface Base {
  readonly generation: number;
  readonly index: EntryIndex;
  readonly segmentEnds: ReadonlyMap<number, number>;
  readonly ticks: number;
}

async function newest(disk: Disk, snapshots: readonly number[]): Promise<Base | undefined> {
  for (const generation of snapshots.toReversed()) {
    const read = await unlessDamaged(contentOf(disk, IndexFiles.snapshot(generation), Snapshot.read));
    if (read !== undefined) return { generation, index: read.index, ...read.facts };
  }
  return undefined;
}

async function journalOf(disk: Disk, generation: number): Promise<Uint8Array> {
  const bytes = contentOf(disk, IndexFiles.journal(generation), async (file) => {
    const into = new Uint8Array((await file.stat()).sizeBytes);
    return into.subarray(0, await file.read(into, 0));
  });
  return (await unlessDamaged(bytes)) ?? new Uint8Array();
}

/** Undefined if there is no such file. */
async function contentOf<T>(disk: Disk, path: string, read: (file: DiskFile) => Promise<T>): Promise<T | undefined> {
  const file = await disk.open(path);
  if (file === undefined) return undefined;
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}
