import type { Context } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import { BlobReader, type BlobStore, type ByteRange, bytesOf, MemoryBlobs } from '@gorego/storage';

type Verb = 'get' | 'put' | 'findMissing';

/** Blobs in memory that can be made to fail, rot or keep silent, and that notice what is asked of them. */
export class FaultyBlobs implements BlobStore {
  readonly #inner = new MemoryBlobs();
  readonly #faults = new Map<Verb, { reason: unknown; only: Digest | undefined }>();
  readonly #rotten = new Set<Digest>();
  /** Contexts of calls that wait for ever. */
  readonly waiting: Context[] = [];
  isSilent = false;
  /** Readers nobody has let go of. */
  openReaders = 0;
  /** How many calls there were at once, at most. */
  callsMost = 0;
  #calls = 0;

  /** From now on, `verb` throws `reason`: for `only` that blob, or for any. */
  fail(verb: Verb, reason: unknown, only?: Digest): void {
    this.#faults.set(verb, { reason, only });
  }

  /** Gives other bytes for a blob, as many. */
  rot(digest: Digest): void {
    this.#rotten.add(digest);
  }

  async get(ctx: Context, digest: Digest, range?: ByteRange): Promise<BlobReader | undefined> {
    await this.#pass(ctx, 'get', digest);
    const blob = await this.#inner.get(ctx, digest, range);
    if (blob === undefined) return undefined;
    const bytes = Buffer.from(await bytesOf(blob, blob.sizeBytes));
    if (this.#rotten.has(digest)) bytes.fill(0xff, 0, 1);
    this.openReaders++;
    return new BlobReader({
      sizeBytes: bytes.byteLength,
      chunks: piecesOf(bytes),
      release: () => void this.openReaders--,
    });
  }

  async put(ctx: Context, digest: Digest, blob: BlobReader): Promise<void> {
    await using owned = blob;
    await this.#pass(ctx, 'put', digest);
    await this.#inner.put(ctx, digest, owned);
  }

  async findMissing(ctx: Context, digests: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>> {
    for (const digest of digests) await this.#pass(ctx, 'findMissing', digest);
    return this.#inner.findMissing(ctx, digests);
  }

  async #pass(ctx: Context, verb: Verb, digest: Digest): Promise<void> {
    this.callsMost = Math.max(this.callsMost, ++this.#calls);
    await new Promise((resolve) => setImmediate(resolve));
    this.#calls--;
    if (this.isSilent) {
      this.waiting.push(ctx);
      await new Promise((_, reject) => ctx.onEnd(reject));
    }
    const fault = this.#faults.get(verb);
    if (fault !== undefined && (fault.only === undefined || fault.only === digest)) throw fault.reason;
  }
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += 10_000) yield bytes.subarray(at, at + 10_000);
}
