import type { Context } from '@gorego/context';
import { Digest } from '@gorego/digest';
import type { Account } from '../account.ts';
import type { KeptActions } from '../action-cache.ts';
import type { SizingStore, StagingStore } from '../blob-store.ts';
import { Mark } from '../checklist.ts';
import { Key } from './index/key.ts';

/** Writes down which blobs each caller was told are here: those it found, read, or brought. */
export function accounted<S extends StagingStore & SizingStore>(
  store: S,
  account: Account,
): StagingStore & SizingStore {
  const tell = (ctx: Context, digest: Digest): void =>
    account.of(ctx)?.add(Key.halfOfBlob(digest), Digest.sizeBytes(digest));
  return {
    get: async (ctx, digest, range) => {
      const blob = await store.get(ctx, digest, range);
      if (blob !== undefined) tell(ctx, digest);
      return blob;
    },
    put: async (ctx, digest, blob) => {
      await store.put(ctx, digest, blob);
      tell(ctx, digest);
    },
    findMissing: async (ctx, digests) => {
      const missing = await store.findMissing(ctx, digests);
      const told = account.of(ctx);
      if (told === undefined) return missing;
      for (const digest of digests) {
        if (!missing.has(digest)) told.add(Key.halfOfBlob(digest), Digest.sizeBytes(digest));
      }
      return missing;
    },
    mark: (ctx, list) => {
      store.mark?.(ctx, list);
      const told = account.of(ctx);
      if (told === undefined) return;
      const key = { a: 0, b: 0, c: 0, d: 0 };
      for (let i = 0; i < list.count; i++) {
        if (list.markOf(i) !== Mark.here) continue;
        list.readKey(i, key);
        told.add(key, list.sizeBytes(i));
      }
    },
    stage: async (ctx, digest) => {
      const staged = await store.stage(ctx, digest);
      return {
        get sizeBytes() {
          return staged.sizeBytes;
        },
        append: (chunk) => staged.append(chunk),
        read: (position, limitBytes) => staged.read(position, limitBytes),
        commit: async () => {
          await staged.commit();
          tell(ctx, digest);
        },
        [Symbol.asyncDispose]: () => staged[Symbol.asyncDispose](),
      };
    },
    sizeOf: (ctx, name, hex) => store.sizeOf(ctx, name, hex),
  };
}

/** Writes down which results each caller was told: where blobs are kept as chunks, results say of which. */
export function accountedActions(actions: KeptActions, instance: string, account: Account): KeptActions {
  const tell = (ctx: Context, action: Digest): void =>
    account.of(ctx)?.add(Key.ofAction(instance, action), Digest.sizeBytes(action));
  return {
    get: async (ctx, action) => {
      const result = await actions.get(ctx, action);
      if (result !== undefined) tell(ctx, action);
      return result;
    },
    put: async (ctx, action, result) => {
      await actions.put(ctx, action, result);
      tell(ctx, action);
    },
    forget: (ctx, action) => actions.forget(ctx, action),
  };
}
