import type { Context } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { BlobReader, type Compressed } from '../blob-reader.ts';
import type { Span } from '../byte-range.ts';
import { isDamage } from './damage.ts';
import type { Entry } from './index/entry-index.ts';
import type { Key } from './index/key.ts';
import { blobIn, Encoding, packed, unpacked } from './packing.ts';
import { written } from './recording.ts';
import { type Found, SegmentRecord } from './segments/segment-record.ts';
import type { Place } from './segments/segment-writer.ts';
import { setRecordAside } from './set-record-aside.ts';
import type { StoreParts } from './store-parts.ts';

/** Blobs in segments. They are small enough to be held in memory, whole. */
export class SmallBlobs {
  readonly #parts: StoreParts;
  /** Those that are being written: who brings one a second time waits for the first. */
  readonly #underway = new Map<Digest, Promise<void>>();

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /** The span of a blob that the index has in a segment; undefined if its bytes turn out to be gone, or not the blob. */
  async get(digest: Digest, key: Key, entry: Entry, { start, end }: Span): Promise<BlobReader | undefined> {
    const { segments } = this.#parts;
    const { isVerified, packedBytes, segment, offset } = entry;
    if (!isVerified) {
      const bytes = await this.#verified(digest, key, entry);
      return bytes && readerOf(digest, bytes, start, end);
    }
    const body = offset + SegmentRecord.headerBytes({ digest, instance: '' });
    const [at, length] = packedBytes === undefined ? [body + start, end - start] : [body, packedBytes];
    try {
      const bytes = segments.readRecent(segment, at, length) ?? (await segments.read(segment, at, length));
      if (bytes === undefined) return undefined;
      if (packedBytes === undefined) return BlobReader.ofBytes(bytes, length === entry.sizeBytes ? digest : undefined);
      const onDamage = (): void => this.#setAside(digest, key, entry, bytes);
      return packedReader(digest, bytes, { start, end }, onDamage);
    } catch (reason) {
      if (!isDamage(reason)) throw reason;
      this.#setAside(digest, key, entry);
      return undefined;
    }
  }

  /** Keeps bytes that hash to their name. */
  async put(ctx: Context, digest: Digest, key: Key, bytes: Uint8Array): Promise<void> {
    const underway = this.#underway.get(digest);
    if (underway !== undefined && (await succeeded(underway))) return;
    const putting = this.#append(ctx, digest, key, bytes);
    this.#underway.set(digest, putting);
    try {
      await putting;
    } finally {
      this.#underway.delete(digest);
    }
  }

  #append(ctx: Context, digest: Digest, key: Key, bytes: Uint8Array): Promise<void> {
    const { contents, compression } = this.#parts;
    const used = contents.now;
    const frame = compression === 'zstd' ? packed(bytes) : undefined;
    const body = frame ?? bytes;
    const encoding = frame === undefined ? Encoding.asIs : Encoding.zstd;
    const header = SegmentRecord.encode({
      ...{ kind: 'blob', digest, instance: '', encoding, bodyBytes: body.byteLength, check: 0, written: used },
    });
    return written(this.#parts, ctx, header, body, ({ segment, offset }) => {
      const packedBytes = frame?.byteLength;
      const sizeBytes = bytes.byteLength;
      contents.set(key, { kind: 'blob', sizeBytes, packedBytes, used, segment, offset, isVerified: true });
    });
  }

  /** Reads the whole record, and believes nothing. */
  async #verified(digest: Digest, key: Key, entry: Entry): Promise<Uint8Array | undefined> {
    const { segment, offset, sizeBytes, packedBytes = sizeBytes } = entry;
    const { contents, segments } = this.#parts;
    const length = SegmentRecord.headerBytes({ digest, instance: '' }) + packedBytes;
    let damaged: Uint8Array | undefined;
    try {
      const record = segments.readRecent(segment, offset, length) ?? (await segments.read(segment, offset, length));
      if (record === undefined) return undefined;
      const body = bodyOf(SegmentRecord.find(record, 0, record.byteLength), digest, record);
      if (body !== undefined && Digest.isOf(digest, body)) {
        contents.index.verify(key);
        return body;
      }
      damaged = record;
    } catch (reason) {
      if (!isDamage(reason)) throw reason;
    }
    this.#setAside(digest, key, entry, damaged);
    return undefined;
  }

  #setAside(digest: Digest, key: Key, { segment, offset }: Place, damaged?: Uint8Array): void {
    setRecordAside(this.#parts, { digest, key, segment, offset }, Digest.hex(digest), damaged);
  }
}

async function succeeded(underway: Promise<void>): Promise<boolean> {
  try {
    await underway;
    return true;
  } catch {
    return false; // Perhaps only because whoever brought it first has left.
  }
}

function readerOf(digest: Digest, bytes: Uint8Array, start: number, end: number): BlobReader {
  const isWhole = start === 0 && end === bytes.byteLength;
  return BlobReader.ofBytes(bytes.subarray(start, end), isWhole ? digest : undefined);
}

/** A blob that is unpacked only if somebody wants it so. */
function packedReader(digest: Digest, frame: Uint8Array, { start, end }: Span, onDamage: () => void): BlobReader {
  const chunks = function* (): Generator<Uint8Array> {
    const bytes = unpacked(frame, Digest.sizeBytes(digest));
    if (bytes === undefined) {
      onDamage();
      throw new Failure('data_loss', `what is stored of ${digest} can't be unpacked`);
    }
    yield bytes.subarray(start, end);
  };
  const isWhole = start === 0 && end === Digest.sizeBytes(digest);
  const compressed: Compressed | undefined = isWhole ? { codec: 'zstd', chunks: () => [frame] } : undefined;
  return new BlobReader({
    sizeBytes: end - start,
    chunks: chunks(),
    compressed,
    verifiedAs: isWhole ? digest : undefined,
  });
}

function bodyOf(found: Found, digest: Digest, record: Uint8Array): Uint8Array | undefined {
  const isIt =
    found.kind === 'record' && found.offset === 0 && found.header.kind === 'blob' && found.header.digest === digest;
  return isIt ? blobIn(found.header, record.subarray(found.bodyOffset)) : undefined;
}
