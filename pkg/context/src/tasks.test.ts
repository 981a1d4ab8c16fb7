import { Failure } from '@gorego/errors';
import { describe, expect, test } from '@jest/globals';
import { unlessEnded } from './context.ts';
import { background } from './scope.ts';
import { TaskGroup } from './tasks.ts';

describe('TaskGroup', () => {
  test('cancels its tasks and waits for them when it is disposed', async () => {
    const left: string[] = [];
    {
      await using tasks = new TaskGroup(background(), () => {});
      tasks.spawn('forever', async (ctx) => {
        try {
          await unlessEnded(ctx, new Promise(() => {}));
        } finally {
          await Promise.resolve();
          left.push('forever');
        }
      });
    }
    expect(left).toEqual(['forever']);
  });

  test('tells its owner of a failure, by the task’s name, and keeps quiet about being cancelled', async () => {
    const told: string[] = [];
    const tasks = new TaskGroup(background(), (name, failure) => told.push(`${name}: ${failure.code}`));
    tasks.spawn('a', async () => {
      throw new Failure('unavailable', 'x');
    });
    tasks.spawn('b', async () => {
      throw new Failure('cancelled', 'x');
    });
    await tasks.idle();
    expect(told).toEqual(['a: unavailable']);
    expect(tasks.size).toBe(0);
  });
});
