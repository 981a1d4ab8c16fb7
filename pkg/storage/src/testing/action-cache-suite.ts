import assert from 'node:assert/strict';
import { background, Scope } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { ActionCache, KeptActions } from '../action-cache.ts';
import { patterned } from './patterned.ts';
import type { Case } from './suite.ts';

export interface ActionCacheSubject {
  readonly actions: ActionCache;
}

const ctx = background();
const action = Digest.ofBytes(patterned(150));

/** What it means to be an ActionCache. */
export const actionCacheSuite: readonly Case<ActionCacheSubject>[] = [
  {
    name: 'says undefined for an action it has not seen',
    run: async (open) => {
      await using subject = await open();
      assert.equal(await subject.actions.get(ctx, action), undefined);
    },
  },
  ...([0, 1, 200, 70_000, 3_900_000].map((sizeBytes) => ({
    name: `gives back a result of ${sizeBytes} bytes as it was`, // obligation: AC-2, AC-18
    run: async (open) => {
      await using subject = await open();
      const result = patterned(sizeBytes);
      await subject.actions.put(ctx, action, result);
      const got = await subject.actions.get(ctx, action);
      assert(got !== undefined && Buffer.compare(got, result) === 0);
    },
  })) satisfies Case<ActionCacheSubject>[]),
  {
    name: 'remembers the last of several results', // obligation: AC-14
    run: async (open) => {
      await using subject = await open();
      for (const salt of [1, 2, 3]) await subject.actions.put(ctx, action, patterned(40, salt));
      assert.deepEqual(Buffer.from((await subject.actions.get(ctx, action)) ?? []), Buffer.from(patterned(40, 3)));
    },
  },
  {
    name: 'never takes an action of another size for this one', // obligation: AC-2
    run: async (open) => {
      await using subject = await open();
      await subject.actions.put(ctx, action, patterned(40));
      assert.equal(await subject.actions.get(ctx, Digest.of('sha256', Digest.hex(action), 149)), undefined);
    },
  },
  {
    name: 'stops when its context ends, and says why',
    run: async (open) => {
      await using subject = await open();
      using scope = new Scope();
      scope.cancel(new Failure('cancelled', 'gone'));
      await assert.rejects(subject.actions.put(scope, action, patterned(4)), { code: 'cancelled' });
      await assert.rejects(subject.actions.get(scope, action), { code: 'cancelled' });
    },
  },
];

/** What it means to be able to forget, beside that. */
export const keptActionsSuite: readonly Case<{ readonly actions: KeptActions }>[] = [
  {
    name: 'forgets what it is told to, and only that',
    run: async (open) => {
      await using subject = await open();
      const other = Digest.ofBytes(patterned(151));
      await subject.actions.put(ctx, action, patterned(40));
      await subject.actions.put(ctx, other, patterned(41));
      await subject.actions.forget(ctx, action);
      await subject.actions.forget(ctx, action);
      assert.equal(await subject.actions.get(ctx, action), undefined);
      assert.notEqual(await subject.actions.get(ctx, other), undefined);
    },
  },
];
