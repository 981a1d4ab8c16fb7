import { crc32 } from 'node:zlib';
import { type Context, throwIfEnded } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import type { KeptActions } from '../action-cache.ts';
import { isDamage } from './damage.ts';
import type { Entry } from './index/entry-index.ts';
import { Key } from './index/key.ts';
import { written } from './recording.ts';
import { SegmentRecord } from './segments/segment-record.ts';
import { setRecordAside } from './set-record-aside.ts';
import type { StoreParts } from './store-parts.ts';

/** A record may move while it is looked up: this often at most. */
const lookupsMax = 4;

/** One instance's action results, in segments. A damaged one is no result. */
export class LocalActions implements KeptActions {
  readonly #parts: StoreParts;
  readonly #instance: string;

  constructor(parts: StoreParts, instance: string) {
    this.#parts = parts;
    this.#instance = instance;
  }

  async get(ctx: Context, action: Digest): Promise<Uint8Array | undefined> {
    throwIfEnded(ctx);
    const { contents } = this.#parts;
    const key = Key.ofAction(this.#instance, action);
    contents.index.touch(key, contents.now);
    return this.#find(action, key);
  }

  /** Reads it, and sets it aside if it is wrong. That is no use of it. */
  async isRight(ctx: Context, action: Digest): Promise<boolean> {
    throwIfEnded(ctx);
    return (await this.#find(action, Key.ofAction(this.#instance, action))) !== undefined;
  }

  async put(ctx: Context, action: Digest, result: Uint8Array): Promise<void> {
    const known = await this.get(ctx, action);
    if (known !== undefined && Buffer.compare(known, result) === 0) return;
    const { contents } = this.#parts;
    const used = contents.now;
    const header = SegmentRecord.encode({
      ...{ kind: 'action', digest: action, instance: this.#instance, encoding: 0 },
      ...{ bodyBytes: result.byteLength, check: crc32(result), written: used },
    });
    const entry = { kind: 'action', sizeBytes: result.byteLength, used, isVerified: true } as const;
    const key = Key.ofAction(this.#instance, action);
    await written(this.#parts, ctx, header, result, (place) => contents.set(key, { ...entry, ...place }));
  }

  async forget(ctx: Context, action: Digest): Promise<void> {
    throwIfEnded(ctx);
    this.#parts.contents.forget(Key.ofAction(this.#instance, action));
  }

  async #find(action: Digest, key: Key): Promise<Uint8Array | undefined> {
    for (let lookups = 0; lookups < lookupsMax; lookups++) {
      const entry = this.#parts.contents.index.get(key);
      if (entry === undefined || entry.kind !== 'action') return undefined;
      const result = await this.#read(action, key, entry);
      if (result !== undefined) return result;
    }
    return undefined;
  }

  /** Reads the record, and checks all of it: a protobuf cut at a field's border still parses. */
  async #read(action: Digest, key: Key, { segment, offset, sizeBytes }: Entry): Promise<Uint8Array | undefined> {
    const { segments } = this.#parts;
    const length = SegmentRecord.headerBytes({ digest: action, instance: this.#instance }) + sizeBytes;
    let damaged: Uint8Array | undefined;
    try {
      const record = segments.readRecent(segment, offset, length) ?? (await segments.read(segment, offset, length));
      const result = record && this.#resultIn(record, action, sizeBytes);
      if (record === undefined || result !== undefined) return result;
      damaged = record;
    } catch (reason) {
      if (!isDamage(reason)) throw reason;
    }
    const name = `action-${action.slice(-20)}`.replace('/', '-');
    setRecordAside(this.#parts, { digest: action, key, segment, offset }, name, damaged);
    return undefined;
  }

  #resultIn(record: Uint8Array, action: Digest, sizeBytes: number): Uint8Array | undefined {
    const found = SegmentRecord.find(record, 0, record.byteLength);
    if (found.kind !== 'record' || found.offset !== 0) return undefined;
    const { kind, digest, instance, bodyBytes, check } = found.header;
    if (kind !== 'action' || digest !== action || instance !== this.#instance || bodyBytes !== sizeBytes)
      return undefined;
    const result = record.subarray(found.bodyOffset);
    return crc32(result) === check ? result : undefined;
  }
}
