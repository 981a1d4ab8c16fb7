import { background, Scope } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { describe, expect, test } from '@jest/globals';
import { entryStatus, ok, withoutText } from './status.ts';

describe('entryStatus', () => {
  // obligation: BRB-5, BRB-8
  test('makes a failure the entry’s own, unless it is a bug or nobody waits', async () => {
    const ctx = background();
    const fail = (reason: unknown) => async () => Promise.reject(reason);
    expect(await entryStatus(ctx, async () => {})).toBe(ok);
    expect(await entryStatus(ctx, fail(new Failure('data_loss', 'x')))).toEqual({
      code: 15,
      message: 'x',
      details: [],
    });
    await expect(entryStatus(ctx, fail(new TypeError('bug')))).rejects.toThrow('bug');
    using scope = new Scope();
    scope.cancel(new Failure('cancelled', 'gone'));
    await expect(entryStatus(scope, fail(new Failure('data_loss', 'x')))).rejects.toMatchObject({ code: 'cancelled' });
  });

  // obligation: GEN-10
  test('loses its text where there is no room for it', () => {
    const entries = [{ status: { ...ok, code: 5, message: 'x'.repeat(100) } }, { status: ok }, { status: undefined }];
    expect(withoutText(entries, 300)).toEqual(entries);
    expect(withoutText(entries, 299)).toEqual([{ status: { ...ok, code: 5 } }, { status: ok }, { status: undefined }]);
  });
});
