import { type Context, detached, Scope, type Tasks } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import type { BlobStore } from '@gorego/storage';
import { Upload } from './upload.ts';

export interface UploadsInit {
  readonly clock: Clock;
  /** Owns the uploads that no Write is bringing at the moment. */
  readonly tasks: Tasks;
  /** How long an upload that was cut off waits for a Write that goes on; 0: not at all. */
  readonly windowMs: number;
  /** How many wait at once, and how much of them there is together. Beyond it, those that wait longest are given up. */
  readonly uploadsMax?: number;
  readonly bytesMax?: number;
}

const uploadsMaxUnlessSaid = 128;
const bytesMaxUnlessSaid = 8 * 2 ** 30;

/**
 * The uploads under way, by name, and those that were cut off, for as long as they are kept. Of several under one name
 * the last counts; the others end as their Writes do.
 */
export class Uploads {
  readonly #init: UploadsInit | undefined;
  readonly #byName = new Map<string, Upload>();
  /** Those that wait, in the order they were cut off, and what stops their clocks. */
  readonly #waiting = new Map<Upload, { readonly scope: Scope; readonly stop: () => void }>();

  /** Without `init`, none is kept. */
  constructor(init?: UploadsInit) {
    this.#init = init;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Where a Write of that name goes on; 0 for one that nothing is known of. */
  position(name: string): number {
    return this.#byName.get(name)?.position ?? 0;
  }

  /** Begins an upload, in place of any of that name that is waiting. */
  begin(ctx: Context, name: string, blobs: BlobStore, digest: Digest): Upload {
    const before = this.#byName.get(name);
    if (before !== undefined) this.#giveUp(before, 'it was begun anew');
    const scope = this.#keeps ? detached(ctx) : new Scope({ parent: ctx });
    const onCut = (): boolean => this.#byName.get(name) === upload && this.#keep(upload, scope);
    const upload: Upload = new Upload({ blobs, digest, scope, onCut });
    this.#byName.set(name, upload);
    const end = (): void => {
      if (this.#byName.get(name) === upload) this.#byName.delete(name);
      this.#waiting.get(upload)?.stop();
      this.#waiting.delete(upload);
      scope[Symbol.dispose]();
    };
    upload.stored.then(end, end);
    this.#init?.tasks.spawn('an upload', (ctx) => whole(ctx, upload, scope));
    return upload;
  }

  /** The upload of that name, to go on at `offset`; `invalid_argument` if that is not where it is. */
  resume(name: string, offset: number): Upload {
    const upload = this.#byName.get(name);
    if (upload?.position !== offset) {
      const where = upload === undefined ? 'begin at 0' : `go on at ${upload.position}, or begin at 0`;
      throw new Failure('invalid_argument', `write_offset ${offset} is not where this upload is: ${where}`);
    }
    this.#waiting.get(upload)?.stop();
    this.#waiting.delete(upload);
    return upload;
  }

  get #keeps(): boolean {
    return this.#init !== undefined && this.#init.windowMs > 0;
  }

  /** Whether there is room for one more that waits, and something to keep. */
  #keep(upload: Upload, scope: Scope): boolean {
    if (this.#init === undefined || !this.#keeps || upload.position === 0) return false;
    const { clock, windowMs, uploadsMax = uploadsMaxUnlessSaid, bytesMax = bytesMaxUnlessSaid } = this.#init;
    if (upload.position > bytesMax) return false;
    const stop = clock.after(windowMs, () => this.#giveUp(upload, `nobody went on with it for ${windowMs} ms`));
    this.#waiting.set(upload, { scope, stop });
    for (const [oldest] of this.#waiting) {
      if (this.#waiting.size <= uploadsMax && this.#waitingBytes() <= bytesMax) break;
      this.#giveUp(oldest, 'others were cut off since, and there is no room for all');
    }
    return this.#waiting.has(upload);
  }

  #waitingBytes(): number {
    return this.#waiting.keys().reduce((sum, { position }) => sum + position, 0);
  }

  #giveUp(upload: Upload, why: string): void {
    const waiting = this.#waiting.get(upload);
    if (waiting === undefined) return;
    waiting.stop();
    this.#waiting.delete(upload);
    waiting.scope.cancel(new Failure('cancelled', `the upload was given up: ${why}`));
  }
}

/** Until the upload has ended; which it does when `ctx` does. */
async function whole(ctx: Context, { stored }: Upload, scope: Scope): Promise<void> {
  const stop = ctx.onEnd((why) => scope.cancel(why));
  await stored.catch(() => {}); // Its Write is told, if there is one.
  stop();
}
