import { type Context, detached, type Scope, unlessEnded } from '@gorego/context';
import type { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';

/** Digests in one question: well within the 4 MiB that any server accepts. */
const digestsMax = 10_000;

/** How long a question waits for company, while another is on its way. */
const lingerMs = 1;

type Ask = (ctx: Context, digests: ReadonlySet<Digest>) => Promise<ReadonlySet<Digest>>;

/**
 * Lets questions of what is missing travel together, each digest once. A question is joined only before it is sent: one
 * that is under way does not know of an upload that was finished since.
 */
export class MissingQuestions {
  readonly #clock: Clock;
  readonly #ask: Ask;
  #gathering: Question | undefined;
  #underWay = 0;

  constructor(clock: Clock, ask: Ask) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** The subset of `digests` that is missing. */
  async findMissing(ctx: Context, digests: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>> {
    if (digests.size === 0) return digests;
    const joined = new Set<Question>();
    for (const digest of digests) {
      if (this.#gathering !== undefined && this.#gathering.digests.size >= digestsMax) this.#flush(this.#gathering);
      this.#gathering ??= this.#begin(ctx);
      this.#gathering.digests.add(digest);
      joined.add(this.#gathering);
    }
    for (const question of joined) question.waiting++;
    try {
      const missing = await unlessEnded(ctx, Promise.all(Array.from(joined, ({ answer }) => answer.promise)));
      const own = missing.map((each) =>
        each.size < digests.size ? each.intersection(digests) : digests.intersection(each),
      );
      return own.length === 1 ? (own[0] as ReadonlySet<Digest>) : new Set(own.flatMap((each) => [...each]));
    } finally {
      for (const question of joined) this.#leave(question);
    }
  }

  #leave(question: Question): void {
    if (--question.waiting > 0) return;
    if (this.#gathering === question) this.#gathering = undefined; // Nobody joins what nobody waits for.
    question.scope.cancel(new Failure('cancelled', 'everybody who asked has left'));
  }

  #begin(ctx: Context): Question {
    const answer = Promise.withResolvers<ReadonlySet<Digest>>();
    answer.promise.catch(() => {}); // It may have been left.
    const question = { digests: new Set<Digest>(), scope: detached(ctx), answer, waiting: 0, isSent: false };
    const flush = (): void => this.#flush(question);
    if (this.#underWay === 0) this.#clock.soon(flush);
    else this.#clock.after(lingerMs, flush);
    return question;
  }

  #flush(question: Question): void {
    if (this.#gathering === question) this.#gathering = undefined;
    if (question.isSent || question.scope.ended !== undefined) return;
    question.isSent = true;
    this.#underWay++;
    const { answer, scope, digests } = question;
    this.#ask(scope, digests)
      .then(answer.resolve, answer.reject)
      .finally(() => {
        this.#underWay--;
        scope[Symbol.dispose]();
      });
  }
}

interface Question {
  readonly digests: Set<Digest>;
  readonly scope: Scope;
  readonly answer: PromiseWithResolvers<ReadonlySet<Digest>>;
  waiting: number;
  isSent: boolean;
}
