import { type Context, throwIfEnded } from '@gorego/context';
import { Digest, type DigestFunctionName } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { KeptActions } from './action-cache.ts';
import { BlobReader } from './blob-reader.ts';
import type { SizingStore, Staged, StagingStore } from './blob-store.ts';
import { type ByteRange, spanOf } from './byte-range.ts';
import { type Checklist, Mark } from './checklist.ts';
import { verifying } from './verified.ts';

/** Blobs in a Map: for tests, and for whoever embeds a cache that need not last. Unbounded. */
export class MemoryBlobs implements StagingStore, SizingStore {
  readonly #blobs = new Map<Digest, Uint8Array>();

  get size(): number {
    return this.#blobs.size;
  }

  async get(ctx: Context, digest: Digest, range?: ByteRange): Promise<BlobReader | undefined> {
    throwIfEnded(ctx);
    const { start, end } = spanOf(digest, range);
    const bytes = this.#blobs.get(digest);
    return bytes && BlobReader.ofBytes(bytes.subarray(start, end));
  }

  async put(ctx: Context, digest: Digest, blob: BlobReader): Promise<void> {
    await using owned = verifying(digest, blob, 'invalid_argument');
    throwIfEnded(ctx);
    const chunks: Uint8Array[] = [];
    for await (const chunk of owned) {
      throwIfEnded(ctx);
      chunks.push(chunk);
    }
    this.#blobs.set(digest, Buffer.concat(chunks));
  }

  async stage(ctx: Context, digest: Digest): Promise<Staged> {
    throwIfEnded(ctx);
    let bytes: Uint8Array = new Uint8Array();
    return {
      get sizeBytes() {
        return bytes.byteLength;
      },
      append: async (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
      },
      read: async (position, limitBytes) => bytes.subarray(position, position + limitBytes),
      commit: async () => {
        if (bytes.byteLength !== Digest.sizeBytes(digest)) {
          throw new Failure('data_loss', `${bytes.byteLength} bytes were staged for ${digest}`);
        }
        this.#blobs.set(digest, bytes);
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async findMissing(_ctx: Context, digests: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>> {
    return digests.difference(this.#blobs);
  }

  async sizeOf(ctx: Context, name: DigestFunctionName, hex: string): Promise<number | undefined> {
    throwIfEnded(ctx);
    const found = this.#blobs.keys().find((digest) => digest.startsWith(`${name}:${hex}/`));
    return found && Digest.sizeBytes(found);
  }

  mark(_ctx: Context, list: Checklist): void {
    for (let i = 0; i < list.count; i++) list.mark(i, this.has(list.digest(i)) ? Mark.here : Mark.absent);
  }

  has(digest: Digest): boolean {
    return this.#blobs.has(digest);
  }

  delete(digest: Digest): boolean {
    return this.#blobs.delete(digest);
  }
}

/** Action results in a Map. Unbounded. */
export class MemoryActions implements KeptActions {
  readonly #results = new Map<Digest, Uint8Array>();

  async get(ctx: Context, action: Digest): Promise<Uint8Array | undefined> {
    throwIfEnded(ctx);
    return this.#results.get(action);
  }

  async put(ctx: Context, action: Digest, result: Uint8Array): Promise<void> {
    throwIfEnded(ctx);
    this.#results.set(action, result);
  }

  async forget(ctx: Context, action: Digest): Promise<void> {
    throwIfEnded(ctx);
    this.#results.delete(action);
  }
}
