import { Failure } from '@gorego/errors';
import { ManualClock } from '@gorego/platform/testing';
import { describe, expect, test } from '@jest/globals';
import { nobody, throwIfEnded, unlessEnded } from './context.ts';
import { background, detached, Scope, sleep, withTimeout } from './scope.ts';

const why = new Failure('cancelled', 'the client left');

describe('Scope', () => {
  test('ends with its parent, for its parent’s reason', () => {
    const parent = new Scope();
    const child = new Scope({ parent });
    parent.cancel(why);
    expect(child.ended).toBe(why);
    expect(() => throwIfEnded(child)).toThrow(why);
  });

  test('keeps the first of several reasons', () => {
    const scope = new Scope();
    scope.cancel(why);
    scope.cancel(new Failure('internal', 'later'));
    expect(scope.ended).toBe(why);
  });

  test('tells each listener once, and those who come late at once', () => {
    const scope = new Scope();
    const told: string[] = [];
    scope.onEnd(() => told.push('early'));
    scope.onEnd(() => told.push('stopped'))();
    scope.cancel(why);
    scope.onEnd(() => told.push('late'));
    expect(told).toEqual(['early', 'late']);
  });

  test('leaves nothing on its parent when it is disposed', () => {
    const parent = new Scope();
    let told = 0;
    {
      using child = new Scope({ parent });
      child.onEnd(() => told++);
    }
    parent.cancel(why);
    expect(told).toBe(1);
  });

  test('gives an AbortSignal with the reason, whether asked before or after the end', () => {
    const scope = new Scope();
    const early = scope.signal;
    scope.cancel(why);
    expect([early.aborted, early.reason, scope.signal.reason]).toEqual([true, why, why]);
    const other = new Scope();
    other.cancel(why);
    expect(other.signal.reason).toBe(why);
  });

  test('has the earliest of its own and its parent’s deadline', () => {
    const parent = new Scope({ deadline: 100 });
    expect(new Scope({ parent, deadline: 50 }).deadline).toBe(50);
    expect(new Scope({ parent, deadline: 150 }).deadline).toBe(100);
    expect(new Scope({ parent }).deadline).toBe(100);
  });
});

test('detached work keeps the caller and nothing else', () => {
  const parent = new Scope({ caller: { ...nobody, invocation: 'i' }, deadline: 5 });
  const work = detached(parent);
  parent.cancel(why);
  expect([work.ended, work.deadline, work.caller.invocation]).toEqual([undefined, undefined, 'i']);
});

describe('withTimeout', () => {
  test('ends with deadline_exceeded when the time is over', () => {
    const clock = new ManualClock();
    const scope = withTimeout(background(), clock, 100, 'asking');
    clock.pass(99);
    expect(scope.ended).toBeUndefined();
    clock.pass(1);
    expect(scope.ended).toMatchObject({ code: 'deadline_exceeded', message: 'asking was not done within 100 ms' });
  });

  test('leaves no timer behind', () => {
    const clock = new ManualClock();
    withTimeout(background(), clock, 100)[Symbol.dispose]();
    expect(clock.pending).toBe(0);
  });
});

describe('sleep', () => {
  test('rejects with the context’s reason, its timer gone', async () => {
    const clock = new ManualClock();
    const scope = new Scope();
    const slept = sleep(scope, clock, 100);
    scope.cancel(why);
    await expect(slept).rejects.toBe(why);
    await expect(sleep(scope, clock, 1)).rejects.toBe(why);
    expect(clock.pending).toBe(0);
  });

  test('resolves when its time has come', async () => {
    const clock = new ManualClock();
    let isOver = false;
    const slept = sleep(background(), clock, 100).then(() => {
      isOver = true;
    });
    clock.pass(99);
    await Promise.resolve();
    expect(isOver).toBe(false);
    clock.pass(1);
    await slept;
    expect(isOver).toBe(true);
  });
});

describe('unlessEnded', () => {
  test('waits no longer than the context lasts', async () => {
    const scope = new Scope();
    const waiting = unlessEnded(scope, new Promise(() => {}));
    scope.cancel(why);
    await expect(waiting).rejects.toBe(why);
  });

  test('passes on what the promise says', async () => {
    const scope = new Scope();
    expect(await unlessEnded(scope, Promise.resolve(7))).toBe(7);
    await expect(unlessEnded(scope, Promise.reject(why))).rejects.toBe(why);
  });
});
