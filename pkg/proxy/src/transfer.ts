import assert from 'node:assert/strict';
import { type Context, type Scope, throwIfEnded, unlessEnded } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { BlobReader, type Span, type Staged } from '@gorego/storage';
import type { Thresholds } from './thresholds.ts';
import type { WindowBudget } from './window-budget.ts';

export interface TransferInit {
  readonly digest: Digest;
  /** The whole blob, verified; the transfer owns it. */
  readonly source: BlobReader;
  /** Where it is being kept, if it is; the transfer owns it and commits it. */
  readonly staged: Staged | undefined;
  readonly budget: WindowBudget;
  readonly thresholds: Thresholds;
  /** The rest of the blob from elsewhere, for a reader whom neither the window nor the staged file can serve. */
  readonly alone: (ctx: Context, span: Span) => Promise<BlobReader | undefined>;
  /** Told when tier 1 could not keep it; readers don't notice. */
  readonly onStagingFailed: (failure: Failure) => void;
}

/**
 * One stream of a blob for everyone who wants it, and for tier 1.
 *
 * The blob flows at the pace of the fastest who takes it, tier 1 included; the last pieces are kept in memory. Who is
 * behind them reads what tier 1 has so far, and follows it as it grows; so readers may come at any time, be as slow as
 * they like and leave when they like, and the upstream is read once. Where tier 1 could not keep the blob, a reader who
 * falls behind goes on alone.
 */
export class Transfer {
  readonly #init: TransferInit;
  readonly #scope: Scope;
  readonly #sizeBytes: number;
  readonly #iterator: AsyncIterator<Uint8Array, void>;
  readonly #closeWindow: () => void;

  /** The last pieces received, and where they begin and end. */
  readonly #window: Uint8Array[] = [];
  #windowStart = 0;
  #windowEnd = 0;

  #staged: Staged | undefined;
  /** Resolves when tier 1 has let go of what it could not keep. */
  /** Until tier 1 has all of it, or never will. */
  #isFilling = true;
  #dropped: Promise<void> = Promise.resolve();
  #state: 'flowing' | 'complete' | { readonly failed: unknown } = 'flowing';
  #readers = 0;
  #pulling: Promise<void> | undefined;
  /** Renewed whenever there is more to read, or an end. */
  #progress = Promise.withResolvers<void>();
  /** Resolves when the source has ended and tier 1 has the blob, or won't. */
  readonly done: Promise<void>;

  /** `scope` is the transfer's own: it outlives the readers, and ends with the program. */
  constructor(scope: Scope, init: TransferInit) {
    this.#init = init;
    this.#scope = scope;
    this.#sizeBytes = Digest.sizeBytes(init.digest);
    this.#staged = init.staged;
    this.#iterator = init.source[Symbol.asyncIterator]();
    this.#closeWindow = init.budget.open();
    scope.onEnd((why) => {
      if (this.#state === 'flowing') this.#state = { failed: why };
      this.#wake();
    });
    this.done = this.#fill().finally(() => this.#closeWindow());
  }

  /** Has it failed? Then a new reader should begin a new transfer. */
  get isJoinable(): boolean {
    return typeof this.#state === 'string' && (this.#staged !== undefined || this.#windowStart === 0);
  }

  read(ctx: Context, { start, end }: Span): BlobReader {
    this.#readers++;
    let isOver = false;
    return new BlobReader({
      sizeBytes: end - start,
      verifiedAs: start === 0 && end === this.#sizeBytes ? this.#init.digest : undefined,
      chunks: this.#follow(ctx, start, end),
      release: async () => {
        if (isOver) return;
        isOver = true;
        this.#readers--;
        await this.#left();
      },
    });
  }

  async *#follow(ctx: Context, start: number, end: number): AsyncGenerator<Uint8Array> {
    for (let position = start; position < end; ) {
      throwIfEnded(ctx);
      const chunk = this.#inWindow(position) ?? (await this.#fromStaged(position));
      if (chunk !== undefined) {
        const piece = chunk.subarray(0, end - position);
        position += piece.byteLength;
        yield piece;
      } else if (position < this.#windowStart) {
        yield* await this.#alone(ctx, { start: position, end });
        return;
      } else if (typeof this.#state === 'object') {
        throw this.#state.failed;
      } else {
        const { promise } = this.#progress;
        if (this.#unstaged < this.#init.budget.windowBytes) this.#pull(); // Else tier 1 sets the pace.
        await unlessEnded(ctx, promise);
      }
    }
  }

  /** What is left, by oneself. */
  async #alone(ctx: Context, span: Span): Promise<BlobReader> {
    const rest = await this.#init.alone(ctx, span);
    if (rest === undefined) throw new Failure('unavailable', `${this.#init.digest} went away while it was read`);
    return rest;
  }

  /** The rest of the piece in memory that has the byte at `position`; undefined if none has. */
  #inWindow(position: number): Uint8Array | undefined {
    if (position < this.#windowStart || position >= this.#windowEnd) return undefined;
    let pieceStart = this.#windowStart;
    for (const piece of this.#window) {
      if (position < pieceStart + piece.byteLength) return piece.subarray(position - pieceStart);
      pieceStart += piece.byteLength;
    }
    assert.fail('the window has a hole');
  }

  /** What tier 1 has at `position`; undefined if it has not got so far, or is not there. */
  async #fromStaged(position: number): Promise<Uint8Array | undefined> {
    const staged = this.#staged;
    if (staged === undefined || position >= staged.sizeBytes) return undefined;
    try {
      return await staged.read(position, this.#init.thresholds.piece);
    } catch (reason) {
      this.#stopStaging(reason);
      return undefined;
    }
  }

  /** Asks the source for one more piece, unless that has been asked for. */
  #pull(): void {
    if (this.#state !== 'flowing') return;
    this.#pulling ??= this.#next().finally(() => {
      this.#pulling = undefined;
      this.#wake();
    });
  }

  #wake(): void {
    const { resolve } = this.#progress;
    this.#progress = Promise.withResolvers();
    resolve();
  }

  async #next(): Promise<void> {
    try {
      const { done, value } = await unlessEnded(this.#scope, this.#iterator.next());
      if (done !== true) this.#remember(value);
      else if (this.#state === 'flowing') this.#state = 'complete';
    } catch (reason) {
      if (this.#state === 'flowing') this.#state = { failed: reason };
    }
  }

  #remember(piece: Uint8Array): void {
    this.#window.push(piece);
    this.#windowEnd += piece.byteLength;
    const { windowBytes } = this.#init.budget;
    // What tier 1 has not written yet must not go: it is the reader that never falls behind.
    const wanted = this.#staged === undefined ? this.#windowEnd : this.#staged.sizeBytes;
    while (this.#windowEnd - this.#windowStart > windowBytes) {
      const oldest = this.#window[0]?.byteLength ?? 0;
      if (this.#window.length <= 1 || this.#windowStart + oldest > wanted) break;
      this.#window.shift();
      this.#windowStart += oldest;
    }
  }

  /** Tier 1's own reading: to the end, and then the blob is there. Without tier 1, waits for the readers to be done. */
  async #fill(): Promise<void> {
    try {
      while (this.#state === 'flowing' || (this.#state === 'complete' && this.#unstaged > 0)) {
        const staged = this.#staged;
        const piece = staged && this.#inWindow(staged.sizeBytes);
        if (staged !== undefined && piece !== undefined) {
          await staged.append(piece).catch((reason: unknown) => this.#stopStaging(reason));
          this.#wake();
          continue;
        }
        const { promise } = this.#progress;
        if (staged !== undefined) this.#pull(); // At tier 1's own pace, if nobody is faster.
        await promise;
      }
      if (this.#state === 'complete') await this.#staged?.commit();
    } catch (reason) {
      this.#stopStaging(reason);
    } finally {
      this.#isFilling = false;
      await this.#init.source[Symbol.asyncDispose]();
      this.#scope[Symbol.dispose]();
      if (this.#readers === 0) await this.#release();
      await this.#dropped;
    }
  }

  get #unstaged(): number {
    return this.#staged === undefined ? 0 : this.#windowEnd - this.#staged.sizeBytes;
  }

  #stopStaging(reason: unknown): void {
    const staged = this.#staged;
    if (staged === undefined) return;
    this.#staged = undefined;
    this.#init.onStagingFailed(Failure.from(reason));
    this.#dropped = Promise.resolve(staged[Symbol.asyncDispose]());
    void this.#left(); // There is nothing staged any more that it would wait for.
  }

  /** The last reader has gone. With tier 1 the transfer goes on for it; without, nobody wants the rest. */
  async #left(): Promise<void> {
    if (this.#readers > 0) return;
    if (this.#isFilling && this.#state === 'complete') return; // It is released when it is in tier 1.
    if (this.#state !== 'flowing') await this.#release();
    else if (this.#staged === undefined) this.#scope.cancel(new Failure('cancelled', 'nobody is reading any more'));
  }

  /** The staged file is held open for readers who are behind, until the last of them is done. */
  async #release(): Promise<void> {
    const staged = this.#staged;
    this.#staged = undefined;
    await staged?.[Symbol.asyncDispose]();
  }
}
