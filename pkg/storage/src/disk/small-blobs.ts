import { type Context, throwIfEnded } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Entry } from './index/entry-index.ts';
import { Key } from './index/key.ts';
import { written } from './recording.ts';
import { Segment } from './segments/segment.ts';
import { type Found, SegmentRecord } from './segments/segment-record.ts';
import type { StoreParts } from './store-parts.ts';

/** Blobs in segments. They are small enough to be held in memory, whole. */
export class SmallBlobs {
  readonly #parts: StoreParts;
  /** Those that are being written: who brings one a second time waits for the first. */
  readonly #underway = new Map<Digest, Promise<void>>();

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /** The bytes from `start` to `end` of a blob that the index has in a segment; undefined if they turn out to be gone. */
  async get(digest: Digest, key: Key, entry: Entry, start: number, end: number): Promise<Uint8Array | undefined> {
    if (!entry.isVerified) return (await this.#verified(digest, key, entry))?.subarray(start, end);
    const { segments } = this.#parts;
    const at = entry.offset + SegmentRecord.headerBytes({ digest, instance: '' }) + start;
    try {
      return (
        segments.readRecent(entry.segment, at, end - start) ?? (await segments.read(entry.segment, at, end - start))
      );
    } catch (reason) {
      return this.#lost(digest, key, entry, reason);
    }
  }

  /** Keeps bytes that hash to their name. */
  async put(ctx: Context, digest: Digest, bytes: Uint8Array): Promise<void> {
    const underway = this.#underway.get(digest);
    if (underway !== undefined) return underway;
    throwIfEnded(ctx);
    const putting = this.#append(ctx, digest, bytes).finally(() => this.#underway.delete(digest));
    this.#underway.set(digest, putting);
    await putting;
  }

  async #append(ctx: Context, digest: Digest, bytes: Uint8Array): Promise<void> {
    const { contents } = this.#parts;
    const used = contents.now;
    const header = SegmentRecord.encode({
      ...{ kind: 'blob', digest, instance: '', encoding: 0 },
      ...{ bodyBytes: bytes.byteLength, check: 0, written: used },
    });
    const entry = { kind: 'blob', sizeBytes: bytes.byteLength, used, isVerified: true } as const;
    const key = Key.ofBlob(digest);
    await written(this.#parts, ctx, header, bytes, (place) => contents.set(key, { ...entry, ...place }));
  }

  /** Reads the whole record, and believes nothing. */
  async #verified(digest: Digest, key: Key, { segment, offset, sizeBytes }: Entry): Promise<Uint8Array | undefined> {
    const { contents, segments, quarantine, onCorrupt, spawn } = this.#parts;
    const length = SegmentRecord.headerBytes({ digest, instance: '' }) + sizeBytes;
    let record: Uint8Array | undefined;
    try {
      record = segments.readRecent(segment, offset, length) ?? (await segments.read(segment, offset, length));
    } catch (reason) {
      return this.#lost(digest, key, { segment, offset }, reason);
    }
    if (record === undefined) return undefined;
    const body = bodyOf(SegmentRecord.find(record, 0, record.byteLength), digest, record);
    if (body !== undefined && Digest.isOf(digest, body)) {
      contents.index.verify(key);
      return body;
    }
    contents.forgetSame(key, { segment, offset });
    onCorrupt(digest, `${Segment.path(segment)} at byte ${offset}`);
    const damaged = record;
    spawn('set a damaged record aside', () => quarantine.takeBytes(Digest.hex(digest), damaged));
    return undefined;
  }

  /** The record isn't there to be read. */
  #lost(digest: Digest, key: Key, place: { segment: number; offset: number }, reason: unknown): undefined {
    const failure = Failure.from(reason);
    if (failure.code !== 'data_loss') throw failure;
    this.#parts.contents.forgetSame(key, place);
    this.#parts.onCorrupt(digest, `${Segment.path(place.segment)} at byte ${place.offset}`);
    return undefined;
  }
}

function bodyOf(found: Found, digest: Digest, record: Uint8Array): Uint8Array | undefined {
  const isIt =
    found.kind === 'record' && found.offset === 0 && found.header.kind === 'blob' && found.header.digest === digest;
  return isIt && found.header.bodyBytes === Digest.sizeBytes(digest) ? record.subarray(found.bodyOffset) : undefined;
}
