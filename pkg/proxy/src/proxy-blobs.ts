import { type Context, detached, Scope, type Slots, type Tasks, throwIfEnded, unlessEnded } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import {
  BlobReader,
  type BlobStore,
  type ByteRange,
  bytesOf,
  type Checklist,
  type Compressed,
  type Span,
  type Staged,
  type StagingStore,
  spanOf,
  verifying,
} from '@gorego/storage';
import type { Leases } from './leases.ts';
import type { ProxyObserver } from './proxy-observer.ts';
import type { Repairs } from './repairs.ts';
import type { Thresholds } from './thresholds.ts';
import type { Touches } from './touches.ts';
import { Transfer } from './transfer.ts';
import { Upload } from './upload.ts';
import { uploadThrough } from './upload-through.ts';
import type { WindowBudget } from './window-budget.ts';

export interface ProxyBlobsInit {
  readonly clock: Clock;
  /** Tier 1. One can do without it: what fails there is told to the observer. */
  readonly near: StagingStore;
  /** Tier 2, the authority: what exists is what it says. Not verified. */
  readonly far: BlobStore;
  readonly leases: Leases;
  readonly touches: Touches;
  readonly repairs: Repairs;
  readonly tasks: Tasks;
  readonly budget: WindowBudget;
  /** Whether a write is in tier 1 when it is acknowledged, or soon after. It is in tier 2 in any case. */
  readonly localWrite: 'sync' | 'async';
  /** Fills of tier 1 that nobody waits for. */
  readonly fillSlots: Slots;
  readonly thresholds: Thresholds;
  readonly observer: ProxyObserver;
}

/**
 * Tier 1 near, tier 2 true: a blob comes from tier 1, or from one download that everyone who wants it shares while it
 * fills tier 1; a blob that is put is in tier 2 before it is acknowledged; what exists is what tier 2 says, or said within
 * a lease.
 */
export class ProxyBlobs implements BlobStore {
  readonly #init: ProxyBlobsInit;
  readonly #small = new Map<Digest, Promise<Uint8Array | undefined>>();
  readonly #large = new Map<Digest, Promise<Transfer | undefined>>();
  readonly #uploads = new Map<Digest, Upload>();

  constructor(init: ProxyBlobsInit) {
    this.#init = init;
  }

  async get(ctx: Context, digest: Digest, range?: ByteRange): Promise<BlobReader | undefined> {
    throwIfEnded(ctx);
    const span = spanOf(digest, range);
    const hit = await this.#fromNear(ctx, digest, range);
    if (hit !== undefined) {
      this.#init.touches.add([hit.partOf ?? digest]); // A part is nothing that tier 2 has to know.
      return this.#continued(ctx, digest, hit, span);
    }
    return this.#fromFar(ctx, digest, span);
  }

  /** From the one download of it that everyone shares, and that is verified whole. */
  async #fromFar(ctx: Context, digest: Digest, span: Span): Promise<BlobReader | undefined> {
    if (Digest.sizeBytes(digest) > this.#init.thresholds.inMemory) {
      const transfer = await this.#transferOf(ctx, digest);
      return transfer?.read(ctx, span);
    }
    const bytes = await this.#bytesOf(ctx, digest);
    return bytes && BlobReader.ofBytes(bytes.subarray(span.start, span.end));
  }

  /** What tier 1 has compressed. Where that breaks off nothing can go on: the client asks again, from where it is. */
  async *#watched(ctx: Context, digest: Digest, { chunks }: Compressed): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks();
    } catch (reason) {
      if (reason instanceof Failure && reason.code === 'data_loss') throw reason;
      this.#withoutNear(ctx, 'read', digest, reason);
      throw new Failure('unavailable', `tier 1 failed in the middle of ${digest}`, { cause: reason });
    }
  }

  async put(ctx: Context, digest: Digest, blob: BlobReader): Promise<void> {
    await using owned = verifying(digest, blob, 'invalid_argument');
    throwIfEnded(ctx);
    // Somebody else may be bringing it already: then there is nothing to read here, unless that fails or is slow. There is
    // no waiting for the next one: of many who bring nothing each could be that.
    const other = this.#uploads.get(digest);
    if (other !== undefined && (await other.succeeds(ctx))) return;
    const upload = new Upload(this.#init.clock);
    this.#uploads.set(digest, upload);
    try {
      await this.#put(ctx, digest, upload.watching(owned));
      upload.end(true);
    } catch (reason) {
      upload.end(false);
      throw reason;
    } finally {
      if (this.#uploads.get(digest) === upload) this.#uploads.delete(digest);
    }
    // A download that began before this and found nothing is none to join.
    this.#small.delete(digest);
    this.#large.delete(digest);
  }

  async findMissing(ctx: Context, digests: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>> {
    throwIfEnded(ctx);
    const { far, leases, touches, repairs } = this.#init;
    const here = await this.#inNear(ctx, digests);
    const known = new Set(here.values().filter((digest) => leases.holds(digest)));
    touches.add(known);
    const asked = known.size === 0 ? digests : digests.difference(known);
    if (asked.size === 0) return new Set();
    const missing = await far.findMissing(ctx, asked);
    for (const digest of asked) if (!missing.has(digest)) leases.confirm(digest);
    const lost = missing.intersection(here);
    if (lost.size === 0) return missing;
    const unrepaired = await repairs.repair(ctx, lost);
    return missing.difference(lost).union(unrepaired);
  }

  /** What tier 1 has, and tier 2 confirmed within a lease. */
  mark(ctx: Context, list: Checklist): void {
    const { near, leases, touches } = this.#init;
    try {
      near.mark?.(ctx, list);
    } catch (reason) {
      this.#withoutNear(ctx, 'look', undefined, reason);
    }
    leases.check(list, (i) => touches.note(list.digest(i)));
  }

  /** Those of `digests` that tier 1 has. */
  async #inNear(ctx: Context, digests: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>> {
    try {
      return digests.difference(await this.#init.near.findMissing(ctx, digests));
    } catch (reason) {
      this.#withoutNear(ctx, 'look', undefined, reason);
      return new Set();
    }
  }

  async #fromNear(ctx: Context, digest: Digest, range: ByteRange | undefined): Promise<BlobReader | undefined> {
    try {
      return await this.#init.near.get(ctx, digest, range);
    } catch (reason) {
      this.#withoutNear(ctx, 'read', digest, reason);
      return undefined;
    }
  }

  /** A blob from tier 1, the rest of it from upstream if tier 1 fails on the way. */
  #continued(ctx: Context, digest: Digest, hit: BlobReader, { start, end }: Span): BlobReader {
    if (hit.bytes !== undefined) return hit;
    const chunks = async function* (this: ProxyBlobs): AsyncGenerator<Uint8Array> {
      let position = start;
      try {
        for await (const chunk of hit) {
          position += chunk.byteLength;
          yield chunk;
        }
      } catch (reason) {
        if (reason instanceof Failure && reason.code === 'data_loss') throw reason;
        this.#withoutNear(ctx, 'read', digest, reason);
        // What tier 1 was still verifying can't be joined with bytes from elsewhere: asking again gets it right.
        const rest = hit.verifiedAs === undefined && (await this.#fromFar(ctx, digest, { start: position, end }));
        if (!rest)
          throw new Failure('unavailable', `tier 1 failed at byte ${position} of ${digest}`, { cause: reason });
        yield* rest;
      }
    };
    const { sizeBytes, verifiedAs, compressed } = hit;
    return new BlobReader({
      sizeBytes,
      verifiedAs,
      compressed: compressed && { codec: compressed.codec, chunks: () => this.#watched(ctx, digest, compressed) },
      chunks: chunks.call(this),
      release: () => hit[Symbol.asyncDispose](),
    });
  }

  /** A small blob from upstream, once for all who ask meanwhile, and for tier 1. */
  #bytesOf(ctx: Context, digest: Digest): Promise<Uint8Array | undefined> {
    const under = this.#small.get(digest);
    this.#init.observer.onDownload(digest, under !== undefined);
    if (under !== undefined) return unlessEnded(ctx, under);
    const download = this.#download(ctx, digest).finally(() => {
      if (this.#small.get(digest) === download) this.#small.delete(digest);
    });
    this.#small.set(digest, download);
    download.catch(() => {}); // Those who asked may have left.
    return unlessEnded(ctx, download);
  }

  async #download(ctx: Context, digest: Digest): Promise<Uint8Array | undefined> {
    using scope = detached(ctx); // Others may join: it doesn't end with who asked first.
    const blob = await this.#init.far.get(scope, digest);
    if (blob === undefined) return undefined;
    const bytes = await bytesOf(verifying(digest, blob, 'data_loss'), this.#init.thresholds.inMemory);
    this.#init.leases.confirm(digest);
    this.#keep(digest, 'fill', bytes);
    return bytes;
  }

  /** Puts a blob that came from upstream, or went there, into tier 1, soon. */
  #keep(digest: Digest, doing: 'fill' | 'keep', bytes: Uint8Array): void {
    const { near, tasks, fillSlots } = this.#init;
    tasks.spawn(`${doing} ${digest}`, async (ctx) => {
      try {
        using _slot = await fillSlots.take(ctx);
        await near.put(ctx, digest, BlobReader.ofBytes(bytes, digest));
      } catch (reason) {
        this.#withoutNear(ctx, doing, digest, reason);
      }
    });
  }

  /** The transfer of a large blob, under way or begun now; undefined if the upstream doesn't have it. */
  async #transferOf(ctx: Context, digest: Digest): Promise<Transfer | undefined> {
    const under = this.#large.get(digest);
    if (under !== undefined) {
      const transfer = await unlessEnded(ctx, under);
      if (transfer?.isJoinable !== false) {
        this.#init.observer.onDownload(digest, true);
        return transfer;
      }
    }
    this.#init.observer.onDownload(digest, false);
    const begun = this.#begin(ctx, digest);
    this.#large.set(digest, begun);
    const forget = (): void => {
      if (this.#large.get(digest) === begun) this.#large.delete(digest);
    };
    begun.then((transfer) => (transfer === undefined ? forget() : void transfer.done.then(forget)), forget);
    return unlessEnded(ctx, begun);
  }

  /** Begins a transfer that is nobody's in particular: a task, which ends with the program at the latest. */
  #begin(ctx: Context, digest: Digest): Promise<Transfer | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Transfer | undefined>();
    this.#init.tasks.spawn(`transfer ${digest}`, async (taskCtx) => {
      using scope = new Scope({ parent: taskCtx, caller: ctx.caller });
      try {
        const transfer = await this.#open(scope, digest);
        resolve(transfer);
        await transfer?.done;
      } catch (reason) {
        reject(reason);
      }
    });
    return promise;
  }

  async #open(scope: Scope, digest: Digest): Promise<Transfer | undefined> {
    const { far, leases, budget, thresholds } = this.#init;
    const blob = await far.get(scope, digest);
    if (blob === undefined) return undefined;
    leases.confirm(digest);
    return new Transfer(scope, {
      digest,
      source: verifying(digest, blob, 'data_loss'),
      staged: await this.#stage(scope, digest),
      budget,
      thresholds,
      alone: (reader, span) => this.#alone(reader, digest, span),
      onStagingFailed: (failure) => this.#init.observer.onNearFailure('fill', digest, failure),
    });
  }

  async #stage(ctx: Context, digest: Digest): Promise<Staged | undefined> {
    try {
      return await this.#init.near.stage(ctx, digest);
    } catch (reason) {
      this.#withoutNear(ctx, 'fill', digest, reason);
      return undefined;
    }
  }

  /**
   * The rest of a blob for one reader: from tier 1, if it has come there meanwhile. If not, the whole blob is downloaded
   * once more and the rest taken of it: a part can't be verified, and what the reader has makes a whole of it.
   */
  async #alone(ctx: Context, digest: Digest, { start, end }: Span): Promise<BlobReader | undefined> {
    const kept = await this.#fromNear(ctx, digest, { offset: start, limit: end - start });
    if (kept !== undefined) return kept;
    const whole = await this.#init.far.get(ctx, digest);
    return whole && partOf(verifying(digest, whole, 'data_loss'), { start, end });
  }

  async #put(ctx: Context, digest: Digest, blob: BlobReader): Promise<void> {
    const { near, far, leases, localWrite } = this.#init;
    if (Digest.sizeBytes(digest) > this.#init.thresholds.inMemory) return this.#putLarge(ctx, digest, blob);
    const bytes = await bytesOf(blob, this.#init.thresholds.inMemory);
    await far.put(ctx, digest, BlobReader.ofBytes(bytes, digest));
    leases.confirm(digest);
    if (localWrite === 'async') return this.#keep(digest, 'keep', bytes);
    try {
      await near.put(ctx, digest, BlobReader.ofBytes(bytes, digest));
    } catch (reason) {
      this.#withoutNear(ctx, 'keep', digest, reason);
    }
  }

  async #putLarge(ctx: Context, digest: Digest, blob: BlobReader): Promise<void> {
    const { far, leases, clock, thresholds } = this.#init;
    const isKept = (await this.#inNear(ctx, new Set([digest]))).size > 0; // Then nothing comes here a second time.
    await using staged = isKept ? undefined : await this.#stage(ctx, digest);
    if (staged === undefined) return await far.put(ctx, digest, blob);
    const { isStaged, failure } = await uploadThrough(ctx, digest, blob, { clock, far, staged, thresholds });
    leases.confirm(digest);
    try {
      if (isStaged)
        await staged.commit(); // A rename: not worth a difference between sync and async.
      else if (failure !== undefined) throw failure;
    } catch (reason) {
      this.#withoutNear(ctx, 'keep', digest, reason);
    }
  }

  /** Tier 1 failed: that is told, and done without, unless it is the caller who left, or a bug. */
  #withoutNear(
    ctx: Context,
    doing: 'read' | 'fill' | 'keep' | 'look',
    digest: Digest | undefined,
    reason: unknown,
  ): void {
    throwIfEnded(ctx);
    if (!(reason instanceof Failure)) throw reason;
    this.#init.observer.onNearFailure(doing, digest, reason);
  }
}

/** What lies between two offsets of a blob. It owns the blob. */
function partOf(whole: BlobReader, { start, end }: Span): BlobReader {
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    let position = 0;
    for await (const chunk of whole) {
      const piece = chunk.subarray(Math.max(0, start - position), Math.max(0, end - position));
      position += chunk.byteLength;
      if (piece.byteLength > 0) yield piece;
      if (position >= end && end < whole.sizeBytes) return;
    }
  };
  return new BlobReader({ sizeBytes: end - start, chunks: chunks(), release: () => whole[Symbol.asyncDispose]() });
}
