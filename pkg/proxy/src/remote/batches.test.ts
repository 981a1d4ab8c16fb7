import { background, Scope } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { ManualClock } from '@gorego/platform/testing';
import { describe, expect, test } from '@jest/globals';
import { Batches } from './batches.ts';
import { MissingQuestions } from './missing-questions.ts';

const ctx = background();
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Batches', () => {
  const made = () => {
    const clock = new ManualClock();
    const sent: number[][] = [];
    const gates: (() => void)[] = [];
    const batches = new Batches<number, string>({
      clock,
      limits: () => ({ items: 3, bytes: 100 }),
      send: async (_ctx, items) => {
        sent.push([...items]);
        await new Promise<void>((resolve) => gates.push(resolve));
        return items.map((item) => (item < 0 ? new Failure('not_found', `no ${item}`) : `answer ${item}`));
      },
    });
    return { clock, sent, batches, gates };
  };

  test('send a lone item at once, and what comes in the same go along with it', async () => {
    const { clock, sent, batches, gates } = made();
    const answers = [1, 2].map((item) => batches.ask(ctx, item, 10));
    clock.pass(0);
    expect(sent).toEqual([[1, 2]]);
    gates[0]?.();
    expect(await Promise.all(answers)).toEqual(['answer 1', 'answer 2']);
  });

  test('gather for a millisecond while another is on its way', async () => {
    const { clock, sent, batches } = made();
    void batches.ask(ctx, 1, 10);
    clock.pass(0);
    void batches.ask(ctx, 2, 10);
    clock.pass(0.5);
    void batches.ask(ctx, 3, 10);
    expect(sent).toEqual([[1]]);
    clock.pass(0.5);
    expect(sent).toEqual([[1], [2, 3]]);
  });

  test('go when they are full, by count or by bytes', async () => {
    const { clock, sent, batches } = made();
    for (const item of [1, 2, 3, 4]) void batches.ask(ctx, item, 10);
    expect(sent).toEqual([[1, 2, 3]]);
    void batches.ask(ctx, 5, 95);
    expect(sent).toEqual([[1, 2, 3], [4]]);
    clock.pass(1);
    expect(sent).toEqual([[1, 2, 3], [4], [5]]);
  });

  test('give each item its own answer or failure', async () => {
    const { clock, batches, gates } = made();
    const answers = [1, -2].map((item) => batches.ask(ctx, item, 10));
    clock.pass(0);
    gates[0]?.();
    expect(await answers[0]).toBe('answer 1');
    await expect(answers[1]).rejects.toMatchObject({ code: 'not_found' });
  });

  test('go on for others when one leaves, and end when all have', async () => {
    const clock = new ManualClock();
    let ended: Failure | undefined;
    const batches = new Batches<number, string>({
      clock,
      limits: () => ({ items: 3, bytes: 100 }),
      send: (batchCtx) =>
        new Promise((_, reject) => {
          batchCtx.onEnd((why) => {
            ended = why;
            reject(why);
          });
        }),
    });
    const scopes = [new Scope(), new Scope()];
    const asked = scopes.map((scope, i) => batches.ask(scope, i, 10).catch((reason: Failure) => reason.message));
    clock.pass(0);
    scopes[0]?.cancel(new Failure('cancelled', 'first left'));
    await settled();
    expect(ended).toBeUndefined();
    scopes[1]?.cancel(new Failure('cancelled', 'second left'));
    expect(await Promise.all(asked)).toEqual(['first left', 'second left']);
    expect(ended).toMatchObject({ code: 'cancelled' });
  });

  test('are not joined once everybody has left them', async () => {
    const { clock, sent, batches, gates } = made();
    const scope = new Scope();
    const left = batches.ask(scope, 1, 10).catch(() => 'left');
    scope.cancel(new Failure('cancelled', 'gone'));
    expect(await left).toBe('left');
    const answer = batches.ask(ctx, 2, 10);
    clock.pass(0);
    expect(sent).toEqual([[2]]);
    gates[0]?.();
    expect(await answer).toBe('answer 2');
  });
});

describe('MissingQuestions', () => {
  const digests = Array.from({ length: 5 }, (_, i) => Digest.ofBytes(Buffer.from(String(i))));
  const [a, b, c] = digests as [Digest, Digest, Digest];

  test('ask of each digest once for all who want to know, and tell each what it asked', async () => {
    const clock = new ManualClock();
    const asked: Digest[][] = [];
    const questions = new MissingQuestions(clock, async (_ctx, set) => {
      asked.push([...set]);
      return new Set([b, c]);
    });
    const first = questions.findMissing(ctx, new Set([a, b]));
    const second = questions.findMissing(ctx, new Set([b, c]));
    clock.pass(0);
    expect(asked).toEqual([[a, b, c]]);
    expect(await first).toEqual(new Set([b]));
    expect(await second).toEqual(new Set([b, c]));
  });

  test('are not joined when they are under way: an upload may have come between', async () => {
    const clock = new ManualClock();
    let count = 0;
    const questions = new MissingQuestions(clock, async () => {
      count++;
      return new Set();
    });
    const first = questions.findMissing(ctx, new Set([a]));
    clock.pass(0);
    const second = questions.findMissing(ctx, new Set([a]));
    clock.pass(1);
    await Promise.all([first, second]);
    expect(count).toBe(2);
  });

  test('are split when they are long', async () => {
    const clock = new ManualClock();
    const sizes: number[] = [];
    const questions = new MissingQuestions(clock, async (_ctx, set) => {
      sizes.push(set.size);
      return set;
    });
    const many = new Set(
      Array.from({ length: 25_000 }, (_, i) => Digest.of('sha256', i.toString(16).padStart(64, '0'), 1)),
    );
    const missing = questions.findMissing(ctx, many);
    clock.pass(1);
    expect((await missing).size).toBe(25_000);
    expect(sizes).toEqual([10_000, 10_000, 5_000]);
  });
});
