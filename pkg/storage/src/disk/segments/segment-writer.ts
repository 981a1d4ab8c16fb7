import { Failure } from '@gorego/errors';
import type { Segment } from './segment.ts';

/** Where a record begins. */
export interface Place {
  readonly segment: number;
  readonly offset: number;
}

/** What one write takes at most: beyond it, those who wait last wait too long. */
const batchBytesMax = 1024 * 1024;
const batchRecordsMax = 500;
/** Records that wait to be written, before those who bring more have to wait too. */
const queuedBytesMax = 32 * 1024 * 1024;

/** Told where a record is, before anything else is written: what knows of records knows them in their order. */
export type OnWritten = (place: Place) => void;

interface Waiting {
  readonly header: Uint8Array;
  readonly body: Uint8Array;
  readonly bytes: number;
  readonly onWritten: OnWritten;
  readonly resolve: (place: Place) => void;
  readonly reject: (reason: unknown) => void;
}

/** Gives the segment that `bytes` more go into. */
export type Opener = (bytes: number) => Promise<Segment>;

/**
 * Puts records behind each other, all that came while the last write was under way in one: a lone record waits for
 * nobody, and a hundred at once cost a hundredth each.
 */
export class SegmentWriter {
  readonly #open: Opener;
  readonly #sync: boolean;
  readonly #batchBytesMax: number;
  readonly #queue: Waiting[] = [];
  #queuedBytes = 0;
  #isWriting = false;
  #gathered: Buffer | undefined;
  #drained = Promise.withResolvers<void>();

  constructor(open: Opener, { sync, segmentBytes }: { sync: boolean; segmentBytes: number }) {
    this.#open = open;
    this.#sync = sync;
    this.#batchBytesMax = Math.min(batchBytesMax, segmentBytes);
  }

  /** Resolves when the record is written, and with `sync`, when it survives a loss of power. */
  append(header: Uint8Array, body: Uint8Array, onWritten: OnWritten = () => {}): Promise<Place> {
    if (this.#queuedBytes < queuedBytesMax) return this.#enqueue(header, body, onWritten);
    return this.#drained.promise.then(() => this.append(header, body, onWritten));
  }

  #enqueue(header: Uint8Array, body: Uint8Array, onWritten: OnWritten): Promise<Place> {
    const bytes = header.byteLength + body.byteLength;
    const { promise, resolve, reject } = Promise.withResolvers<Place>();
    this.#queue.push({ header, body, bytes, onWritten, resolve, reject });
    this.#queuedBytes += bytes;
    if (!this.#isWriting) void this.#write();
    return promise;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#isWriting) await this.#drained.promise;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#queue.length > 0) {
      const batch = this.#batch();
      try {
        await this.#put(batch);
      } catch (reason) {
        for (const { reject } of batch) reject(Failure.from(reason));
      }
      this.#queuedBytes -= batch.reduce((sum, { bytes }) => sum + bytes, 0);
      this.#isWriting = this.#queue.length > 0;
      this.#drained.resolve();
      this.#drained = Promise.withResolvers();
    }
  }

  #batch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const record of this.#queue) {
      if (count > 0 && (bytes + record.bytes > this.#batchBytesMax || count === batchRecordsMax)) break;
      bytes += record.bytes;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  /** Copying many small pieces together is cheaper than handing them over one by one. */
  #chunks(batch: readonly Waiting[], bytes: number): readonly Uint8Array[] {
    const [first] = batch;
    if (first !== undefined && batch.length === 1) return [first.header, first.body];
    if (bytes > batchBytesMax) return batch.flatMap(({ header, body }) => [header, body]);
    this.#gathered ??= Buffer.allocUnsafeSlow(batchBytesMax);
    let at = 0;
    for (const { header, body } of batch) {
      this.#gathered.set(header, at);
      this.#gathered.set(body, at + header.byteLength);
      at += header.byteLength + body.byteLength;
    }
    return [this.#gathered.subarray(0, at)];
  }

  async #put(batch: readonly Waiting[]): Promise<void> {
    const bytes = batch.reduce((sum, record) => sum + record.bytes, 0);
    const segment = await this.#open(bytes);
    let offset = await segment.append(this.#chunks(batch, bytes), bytes, { sync: this.#sync });
    for (const record of batch) {
      const place = { segment: segment.number, offset };
      record.onWritten(place);
      record.resolve(place);
      offset += record.bytes;
    }
  }
}
