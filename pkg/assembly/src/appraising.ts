import type { Context } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { worthOf } from '@gorego/janitor';
import { executionSeconds } from '@gorego/server';
import { emptyAlwaysHere, type KeptActions, type LocalStore, type References } from '@gorego/storage';
import type { ChunkedNear } from './chunked-near.ts';

/**
 * Tells the store what its results, and the blobs they need, are worth to keep: the time they took to make for each byte,
 * a blob that a result names twice counted once. A result is read for that when it is put, and when it is found and nothing is
 * known of it yet.
 */
export function appraising(near: ChunkedNear, store: LocalStore, references: References): ChunkedNear {
  const blobs = emptyAlwaysHere(near.blobs);
  const appraise = async (ctx: Context, instance: string, action: Digest, result: Uint8Array): Promise<void> => {
    const seconds = executionSeconds(result);
    if (seconds === undefined) return;
    const needed = await references(ctx, action, result, blobs);
    if (needed === undefined) return;
    let bytes = result.byteLength;
    for (const blob of needed) bytes += Digest.sizeBytes(blob);
    store.appraise(instance, action, needed, worthOf(seconds, bytes));
  };
  return {
    blobs: near.blobs,
    actions: (instance) => {
      const actions = near.actions(instance);
      return {
        get: async (ctx, action) => {
          const result = await actions.get(ctx, action);
          if (result !== undefined && store.worthOf(instance, action) === 0) {
            await orNot(appraise(ctx, instance, action, result));
          }
          return result;
        },
        put: async (ctx, action, result) => {
          await actions.put(ctx, action, result);
          await orNot(appraise(ctx, instance, action, result));
        },
        forget: (ctx, action) => actions.forget(ctx, action),
      } satisfies KeptActions;
    },
  };
}

/** Nothing is lost but a hint. */
async function orNot(appraisal: Promise<void>): Promise<void> {
  try {
    await appraisal;
  } catch (reason) {
    if (!(reason instanceof Failure)) throw reason;
  }
}
