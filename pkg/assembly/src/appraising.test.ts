import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { ActionResult } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { DigestFunctions, digestMessage, referencesOf } from '@gorego/server';
import { SeededRandom, SimulatedClock, SimulatedDisk } from '@gorego/simulation';
import { BlobReader, LocalStore } from '@gorego/storage';
import { expect, test } from '@jest/globals';
import { appraising } from './appraising.ts';
import { chunkedNear } from './chunked-near.ts';

const ctx = background();
const action = Digest.ofBytes(Buffer.from('an action'));
const file = Buffer.alloc(30_000, 1);
const references = referencesOf(new DigestFunctions(['sha256']));

function resultOf(seconds: number | undefined): Uint8Array {
  const executionMetadata =
    seconds === undefined
      ? undefined
      : { executionStartTimestamp: { seconds: 1e9 }, executionCompletedTimestamp: { seconds: 1e9 + seconds } };
  const digest = digestMessage(Digest.ofBytes(file));
  return ActionResult.encode(
    ActionResult.fromPartial({ outputFiles: [{ path: 'a', digest }], executionMetadata }),
  ).finish();
}

async function withStore(body: (store: LocalStore) => Promise<void>): Promise<void> {
  const random = new SeededRandom(1);
  const clock = new SimulatedClock(random);
  await clock.run(
    (async () => {
      await using store = await LocalStore.open({ disk: new SimulatedDisk(random, clock), random, clock });
      await store.reconciled();
      await store.blobs.put(ctx, Digest.ofBytes(file), BlobReader.ofBytes(file));
      await body(store);
    })(),
  );
}

test.each([
  [60, 7],
  [0, 1],
  [undefined, 0],
])('a result that took %s s with 30,000 bytes is of class %d once it is put', (seconds, worth) =>
  withStore(async (store) => {
    const { actions } = appraising(chunkedNear(store), store, references);
    await actions('i').put(ctx, action, resultOf(seconds));
    expect(store.worthOf('i', action)).toBe(worth);
    expect(store.worthOf('another', action)).toBe(0);
  }),
);

test('a result that was there before is appraised when it is found', () =>
  withStore(async (store) => {
    await store.actions('').put(ctx, action, resultOf(60));
    const actions = appraising(chunkedNear(store), store, references).actions('');
    expect(store.worthOf('', action)).toBe(0);
    expect(await actions.get(ctx, action)).toEqual(Buffer.from(resultOf(60)));
    expect(store.worthOf('', action)).toBe(7);
    await actions.forget(ctx, action);
    expect(await actions.get(ctx, action)).toBeUndefined();
  }));

test('what is no result is kept all the same', () =>
  withStore(async (store) => {
    const actions = appraising(chunkedNear(store), store, references).actions('');
    await actions.put(ctx, action, Buffer.from('no result'));
    expect(await actions.get(ctx, action)).toEqual(Buffer.from('no result'));
  }));
