import { type Context, detached, type Scope, unlessEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';

/** How long an item waits for company, while another batch is on its way. */
const lingerMs = 1;

export interface BatchesInit<Item, Answer> {
  readonly clock: Clock;
  /** What one batch may hold; asked each time one is begun. */
  readonly limits: () => { readonly items: number; readonly bytes: number };
  /** Answers each item, in order, with its answer or its failure. A failure of the whole is everybody's. */
  readonly send: (ctx: Context, items: readonly Item[]) => Promise<readonly (Answer | Failure)[]>;
}

/**
 * Lets small questions travel together. One that comes alone is sent at once, with what else came in the same go; while a
 * batch is on its way the next one gathers for a millisecond, or until it is full.
 */
export class Batches<Item, Answer> {
  readonly #init: BatchesInit<Item, Answer>;
  #gathering: Batch<Item, Answer> | undefined;
  #underWay = 0;

  constructor(init: BatchesInit<Item, Answer>) {
    this.#init = init;
  }

  /** The answer to `item`, which takes about `bytes` of a batch. Who leaves does not disturb the others. */
  async ask(ctx: Context, item: Item, bytes: number): Promise<Answer> {
    const answer = this.#join(ctx, item, bytes);
    try {
      return await unlessEnded(ctx, answer.promise);
    } finally {
      answer.leave();
    }
  }

  #join(ctx: Context, item: Item, bytes: number): { promise: Promise<Answer>; leave: () => void } {
    const limits = this.#init.limits();
    let batch = this.#gathering;
    if (batch !== undefined && (batch.items.length >= limits.items || batch.bytes + bytes > limits.bytes)) {
      this.#flush(batch);
      batch = undefined;
    }
    batch ??= this.#begin(ctx);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    promise.catch(() => {}); // It may have been left.
    batch.items.push(item);
    batch.bytes += bytes;
    batch.settle.push((answer) => (answer instanceof Failure ? reject(answer) : resolve(answer)));
    batch.waiting++;
    const joined = batch;
    return { promise, leave: () => this.#leave(joined) };
  }

  #leave(batch: Batch<Item, Answer>): void {
    if (--batch.waiting > 0) return;
    if (this.#gathering === batch) this.#gathering = undefined; // Nobody joins what nobody waits for.
    batch.scope.cancel(new Failure('cancelled', 'everybody who asked has left'));
  }

  #begin(ctx: Context): Batch<Item, Answer> {
    const batch: Batch<Item, Answer> = { items: [], settle: [], bytes: 0, waiting: 0, scope: detached(ctx) };
    this.#gathering = batch;
    const flush = (): void => this.#flush(batch);
    if (this.#underWay === 0) this.#init.clock.soon(flush);
    else this.#init.clock.after(lingerMs, flush);
    return batch;
  }

  #flush(batch: Batch<Item, Answer>): void {
    if (this.#gathering === batch) this.#gathering = undefined;
    if (batch.isSent === true || batch.scope.ended !== undefined) return;
    batch.isSent = true;
    void this.#send(batch);
  }

  async #send({ items, settle, scope }: Batch<Item, Answer>): Promise<void> {
    this.#underWay++;
    try {
      const answers = await this.#init.send(scope, items);
      const none = new Failure('internal', `a batch of ${items.length} was answered in ${answers.length} parts`);
      for (const [i, each] of settle.entries()) each(i < answers.length ? (answers[i] as Answer | Failure) : none);
    } catch (reason) {
      for (const each of settle) each(Failure.from(reason));
    } finally {
      this.#underWay--;
      scope[Symbol.dispose]();
    }
  }
}

interface Batch<Item, Answer> {
  readonly items: Item[];
  readonly settle: ((answer: Answer | Failure) => void)[];
  readonly scope: Scope;
  bytes: number;
  waiting: number;
  isSent?: boolean;
}
