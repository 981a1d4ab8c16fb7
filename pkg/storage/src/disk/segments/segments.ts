import { Failure } from '@gorego/errors';
import type { Disk, DiskFile } from '@gorego/platform';
import { RecentPages } from './recent-pages.ts';
import { Segment } from './segment.ts';
import { type OnWritten, type Place, SegmentWriter } from './segment-writer.ts';
import { memoryFor } from './slab.ts';

export interface SegmentsInit {
  readonly disk: Disk;
  /** How long a segment gets before the next one is begun. */
  readonly segmentBytes: number;
  /** What an append that has been acknowledged survives: the end of the process, or a loss of power. */
  readonly durability: 'process' | 'power';
}

/** Many small things in few files: written one after the other, read from wherever they are, dropped a file at a time. */
export class Segments {
  readonly #disk: Disk;
  readonly #segmentBytes: number;
  readonly #durability: 'process' | 'power';
  readonly #byNumber: Map<number, Segment>;
  /** What all but the active one take, those included that are dropped but still read. */
  #restBytes = 0;
  readonly #ends: Map<number, number>;
  readonly #recent = new RecentPages();
  readonly #writer: SegmentWriter;
  #active: Segment | undefined;
  #lastNumber: number;

  private constructor({ disk, segmentBytes, durability }: SegmentsInit, segments: readonly Segment[]) {
    this.#disk = disk;
    this.#segmentBytes = segmentBytes;
    this.#durability = durability;
    this.#byNumber = new Map(segments.map((segment) => [segment.number, segment]));
    this.#restBytes = segments.reduce((sum, { diskBytes }) => sum + diskBytes, 0);
    this.#ends = new Map(segments.map(({ number, lengthBytes }) => [number, lengthBytes]));
    this.#lastNumber = Math.max(0, ...this.#byNumber.keys());
    this.#writer = new SegmentWriter((bytes) => this.#roomFor(bytes), { sync: durability === 'power', segmentBytes });
  }

  /** Opens the segments that are there. Strangers are left alone. */
  static async open(init: SegmentsInit): Promise<Segments> {
    const { disk } = init;
    await disk.makeDirectory(Segment.directory);
    if (init.durability === 'power') await disk.syncDirectory('');
    const numbers = (await disk.list(Segment.directory))
      .filter(({ kind }) => kind === 'file')
      .map(({ name }) => Segment.numberIn(name))
      .filter((number) => number !== undefined);
    const open = async (number: number): Promise<Segment | undefined> => {
      const file = await disk.openToWrite(Segment.path(number));
      return file && new Segment(number, file, (await file.stat()).sizeBytes);
    };
    const segments = await Promise.all(numbers.sort((a, b) => a - b).map(open));
    return new Segments(
      init,
      segments.filter((segment) => segment !== undefined),
    );
  }

  /** In the order they were begun. */
  get all(): readonly Segment[] {
    return Array.from(this.#byNumber.values());
  }

  /** Up to where `onWritten` has been told of each segment's records. */
  get ends(): ReadonlyMap<number, number> {
    return this.#ends;
  }

  /** What they take on the disk, those included that are dropped but still read. */
  get diskBytes(): number {
    return this.#restBytes + (this.#active?.diskBytes ?? 0);
  }

  /** The one that is being written; it is not for dropping. */
  get activeNumber(): number | undefined {
    return this.#active?.number;
  }

  get(number: number): Segment | undefined {
    return this.#byNumber.get(number);
  }

  /** Goes on writing where the last one ends, if it is short enough. Its bytes must be known to be whole records. */
  continueLast(): void {
    const last = this.#byNumber.get(this.#lastNumber);
    if (last === undefined || last.lengthBytes >= this.#segmentBytes) return;
    this.#restBytes -= last.diskBytes;
    this.#active = last;
    this.#ends.set(last.number, last.lengthBytes);
  }

  /** Resolves as `durability` says; `onWritten` is told just before, of all records in the order they are in. */
  append(header: Uint8Array, body: Uint8Array, onWritten?: OnWritten): Promise<Place> {
    return this.#writer.append(header, body, (place) => {
      this.#recent.touch(place.segment, place.offset, header.byteLength + body.byteLength);
      onWritten?.(place);
      this.#ends.set(place.segment, place.offset + header.byteLength + body.byteLength);
    });
  }

  /** Bytes that are in memory already, most likely; undefined for others, or when the segment is gone. */
  readRecent(number: number, offset: number, bytes: number): Uint8Array | undefined {
    const segment = this.#byNumber.get(number);
    if (segment === undefined || !this.#recent.touch(number, offset, bytes)) return undefined;
    const into = memoryFor(bytes);
    segment.readNow(into, offset);
    return into;
  }

  /** Undefined when the segment is gone; `data_loss` when it is too short. */
  async read(number: number, offset: number, bytes: number): Promise<Uint8Array | undefined> {
    const segment = this.#byNumber.get(number);
    if (segment === undefined) return undefined;
    const into = memoryFor(bytes);
    await segment.read(into, offset);
    return into;
  }

  /** Makes what is in these segments survive a loss of power, unless whatever is appended does. */
  async settle(numbers: ReadonlySet<number>): Promise<void> {
    if (this.#durability === 'power' || numbers.size === 0) return;
    for (const number of numbers) await this.#byNumber.get(number)?.sync();
    await this.#disk.syncDirectory(Segment.directory);
  }

  /** Puts nothing more into a segment. Resolves when what was on its way is there, and `onWritten` was told. */
  async abandon(number: number): Promise<void> {
    if (number === this.#active?.number) this.#retire();
    await this.#byNumber.get(number)?.appended();
  }

  /** Takes a segment away; those who are reading from it finish. */
  async drop(number: number): Promise<void> {
    const segment = this.#byNumber.get(number);
    if (segment === undefined) return;
    if (segment === this.#active) this.#retire();
    this.#byNumber.delete(number);
    this.#ends.delete(number);
    await this.#disk.remove(Segment.path(number));
    const { diskBytes } = segment;
    void segment.close().then(() => {
      this.#restBytes -= diskBytes;
    });
  }

  /** Resolves when nothing is being written. */
  idle(): Promise<void> {
    return this.#writer.idle();
  }

  async close(): Promise<void> {
    await this.idle();
    await Promise.all(this.all.map((segment) => segment.close()));
  }

  #retire(): void {
    this.#restBytes += this.#active?.diskBytes ?? 0;
    this.#active = undefined;
  }

  async #roomFor(bytes: number): Promise<Segment> {
    const active = this.#active;
    if (active !== undefined && active.lengthBytes + bytes <= Math.max(this.#segmentBytes, bytes)) return active;
    const next = await this.#begin();
    this.#retire();
    this.#active = next;
    return next;
  }

  async #created(path: string): Promise<DiskFile> {
    try {
      return await this.#disk.create(path);
    } catch (reason) {
      if (Failure.from(reason).code !== 'not_found') throw reason;
      await this.#disk.makeDirectory(Segment.directory); // Somebody removed it.
      return await this.#disk.create(path);
    }
  }

  async #begin(): Promise<Segment> {
    const number = ++this.#lastNumber;
    const file = await this.#created(Segment.path(number));
    if (this.#durability === 'power') {
      try {
        await this.#disk.syncDirectory(Segment.directory);
      } catch (reason) {
        await file.close();
        throw reason;
      }
    }
    const segment = new Segment(number, file, 0);
    this.#byNumber.set(number, segment);
    return segment;
  }
}
