import { Failure } from '@gorego/errors';
import type { Clock, Disk, DiskFile } from '@gorego/platform';
import { fileDiskBytes } from '../blocks.ts';
import { Ticks } from '../ticks.ts';
import type { EntryIndex } from './entry-index.ts';
import { IndexFiles } from './index-files.ts';
import { JournalBlock, JournalHeader } from './journal.ts';
import type { Key } from './key.ts';
import { Snapshot, type SnapshotFacts } from './snapshot.ts';

/** A change is on the disk this long after it was made, or when there are this many. */
const flushMs = 20;
const blockBytesMax = 64 * 1024;

/** A journal gets no longer than this, or this share of the index, before a snapshot makes it superfluous. */
const journalBytesMax = 4 * 1024 * 1024;
const journalShareMax = 0.25;

export interface IndexLogInit {
  readonly disk: Disk;
  readonly clock: Clock;
  /** Tells one run of the machine from another. */
  readonly boot: string;
  readonly index: EntryIndex;
  /** What a snapshot says beside the index, as it is now. */
  readonly facts: () => SnapshotFacts;
  /** The generation that is begun: no file of it, or of a later one, is there. */
  readonly generation: number;
  /** Told when the disk refuses. What is not written down is found again by looking at everything else. */
  readonly onFailure: (failure: Failure) => void;
}

/**
 * Writes down what happens to the index, so that a start needs not look at everything: a journal of changes, and from
 * time to time a snapshot of all of it. Snapshot N holds what was known when journal N was begun.
 */
export class IndexLog {
  readonly #init: IndexLogInit;
  #generation: number;
  #journal: DiskFile | undefined;
  #position = 0;
  #block = new JournalBlock();
  #writing: Promise<void> = Promise.resolve();
  #stopTimer: (() => void) | undefined;
  #isDirty = false;
  /** What the last snapshot takes, and what it has not yet replaced. */
  #snapshotBytes = 0;
  #olderBytes = 0;

  private constructor(init: IndexLogInit) {
    this.#init = init;
    this.#generation = init.generation;
  }

  static async begin(init: IndexLogInit): Promise<IndexLog> {
    const log = new IndexLog(init);
    await init.disk.makeDirectory(IndexFiles.directory);
    log.#olderBytes = await IndexFiles.diskBytes(init.disk);
    await log.#beginJournal();
    return log;
  }

  /** Is a snapshot due? */
  get isLong(): boolean {
    return (
      this.#journal === undefined || this.#position > Math.max(journalBytesMax, this.#indexBytes * journalShareMax)
    );
  }

  /** Is the journal where it should be? */
  async isThere(): Promise<boolean> {
    const generation = this.#generation;
    if (this.#journal === undefined) return true; // The next one is being begun, or is due.
    if ((await this.#init.disk.stat(IndexFiles.journal(generation))) !== undefined) return true;
    return generation !== this.#generation;
  }

  /** Has anything been written down since the last snapshot? */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** What its files take on the disk. */
  get diskBytes(): number {
    return this.#olderBytes + this.#ownBytes;
  }

  /** The entry is from now on as the index has it. */
  set(key: Key): void {
    this.#block.set(this.#init.index, key);
    this.#soon();
  }

  forget(key: Key): void {
    this.#block.forget(key);
    this.#soon();
  }

  /** Writes what there is to write. A failure is told, and the next snapshot makes up for it. */
  flush(): Promise<void> {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    if (!this.#block.isEmpty) {
      const block = this.#block;
      this.#block = new JournalBlock();
      this.#then(() => this.#write(block));
    }
    return this.#writing;
  }

  /** Takes a snapshot, and removes what it makes superfluous. A failure is told; what was there stays. */
  snapshot(): Promise<void> {
    void this.flush();
    this.#then(() => this.#snapshot());
    return this.#writing;
  }

  /** A last snapshot, and no journal beside it: that is how the next start knows that this was the end. */
  async close(): Promise<void> {
    await this.snapshot();
    const journal = this.#journal;
    this.#journal = undefined;
    await journal?.close();
    if (this.#isDirty || journal === undefined) return;
    await this.#init.disk.remove(IndexFiles.journal(this.#generation)).catch(() => false);
  }

  /** Ends with everything written down, but no snapshot: not all is known of which it would have to be. */
  async leave(): Promise<void> {
    await this.flush();
    const journal = this.#journal;
    this.#journal = undefined;
    await journal?.close();
  }

  get #ownBytes(): number {
    return fileDiskBytes(this.#snapshotBytes) + fileDiskBytes(this.#position);
  }

  get #indexBytes(): number {
    return this.#init.index.memoryBytes;
  }

  #soon(): void {
    this.#isDirty = true;
    if (this.#block.bytes >= blockBytesMax) void this.flush();
    else this.#stopTimer ??= this.#init.clock.after(flushMs, () => void this.flush());
  }

  /** One thing after the other. */
  #then(run: () => Promise<void>): void {
    this.#writing = this.#writing.then(run).catch((reason: unknown) => {
      this.#init.onFailure(Failure.from(reason));
    });
  }

  async #write(block: JournalBlock): Promise<void> {
    const journal = this.#journal;
    if (journal === undefined) return;
    const bytes = block.sealed(Ticks.of(this.#init.clock.now()));
    try {
      await journal.write([bytes], this.#position);
      this.#position += bytes.byteLength;
    } catch (reason) {
      this.#journal = undefined; // What comes after a gap would be a lie.
      await journal.close();
      throw reason;
    }
  }

  async #snapshot(): Promise<void> {
    const { disk, index, facts } = this.#init;
    const last = this.#generation;
    const old = this.#journal;
    this.#journal = undefined;
    await old?.close();
    this.#generation = last + 1;
    this.#isDirty = false;
    this.#olderBytes += this.#ownBytes;
    this.#position = 0;
    this.#snapshotBytes = index.memoryBytes; // About what it is going to be.
    try {
      await this.#beginJournal();
      const path = IndexFiles.snapshot(this.#generation);
      const draft = `${path}${IndexFiles.draftSuffix}`;
      await disk.remove(draft);
      const file = await disk.create(draft);
      try {
        // What changed since the flush is in the block that goes to the journal just begun.
        this.#snapshotBytes = await Snapshot.write(file, index, facts());
        await file.sync();
      } finally {
        await file.close();
      }
      await disk.rename(draft, path);
      await disk.syncDirectory(IndexFiles.directory);
    } catch (reason) {
      this.#isDirty = true;
      throw reason;
    }
    await IndexFiles.removeBefore(disk, this.#generation);
    this.#olderBytes = 0;
  }

  async #beginJournal(): Promise<void> {
    const { disk, boot } = this.#init;
    const journal = await disk.create(IndexFiles.journal(this.#generation));
    const header = JournalHeader.encode(boot);
    try {
      await journal.write([header], 0);
      // Whatever is stored from now on, the next start must know who stored it.
      await journal.sync();
      await disk.syncDirectory(IndexFiles.directory);
    } catch (reason) {
      await journal.close();
      throw reason;
    }
    this.#journal = journal;
    this.#position = header.byteLength;
  }
}
