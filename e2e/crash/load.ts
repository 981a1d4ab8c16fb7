import type { SeededRandom } from '@gorego/simulation';
import { CacheClient, CallError } from './cache-client.ts';
import type { MadeBlob, MadeBlobs } from './made-blobs.ts';
import { smallestBytes } from './made-blobs.ts';
import type { PromisedAction, Promises } from './promises.ts';

const smallBytesMax = 8 * 1024;
const blobsPerBatchMax = 40;
const streamedBytesMin = 4 * 1024;
const actionsMax = 30;
const outputsMax = 5;

export interface LoadInit {
  readonly address: string;
  readonly random: SeededRandom;
  readonly blobs: MadeBlobs;
  readonly promises: Promises;
  /** The largest blob, bytes. */
  readonly largestBytes: number;
  /** May what was acknowledged be evicted? */
  readonly mayEvict: boolean;
}

/**
 * One client's mixed load until the connection breaks. Each of its actions is its own, so that their versions have an
 * order. Rejects when something is answered that must not be.
 */
export async function loadUntilBroken(init: LoadInit): Promise<void> {
  using client = new CacheClient(init.address);
  const mine: PromisedAction[] = [];
  for (;;) {
    try {
      await one(init, client, mine);
    } catch (reason) {
      if (!(reason instanceof CallError) && !(reason instanceof WrongAnswer)) return; // The connection broke.
      const isCutOff = reason instanceof CallError && reason.status === unavailable;
      if (isCutOff) return;
      throw reason;
    }
  }
}

const unavailable = 14;

/** The cache said what is not so. */
export class WrongAnswer extends Error {}

async function one(init: LoadInit, client: CacheClient, mine: PromisedAction[]): Promise<void> {
  const { random } = init;
  const dice = random.fraction();
  if (dice < 0.35) await batch(init, client);
  else if (dice < 0.6) await stream(init, client);
  else if (dice < 0.8) await result(init, client, mine);
  else if (dice < 0.9) await lookUp(init, client);
  else await readBack(init, client);
}

async function batch({ random, blobs, promises }: LoadInit, client: CacheClient): Promise<void> {
  const made = Array.from({ length: random.between(1, blobsPerBatchMax) }, () =>
    blobs.next(random.between(smallestBytes, smallBytesMax)),
  );
  promises.begin(made);
  await client.upload(made.map((blob) => ({ hex: blob.hex, data: blobs.dataOf(blob) })));
  promises.acknowledge(made);
}

async function stream({ random, blobs, promises, largestBytes }: LoadInit, client: CacheClient): Promise<void> {
  // Sizes of all magnitudes are as likely.
  const sizeBytes = Math.floor(streamedBytesMin * (largestBytes / streamedBytesMin) ** random.fraction());
  const blob = blobs.next(sizeBytes);
  promises.begin([blob]);
  await client.write(blob, blobs.dataOf(blob));
  promises.acknowledge([blob]);
}

async function result(init: LoadInit, client: CacheClient, mine: PromisedAction[]): Promise<void> {
  const { random, blobs, promises } = init;
  if (promises.acknowledged.length === 0) return;
  if (mine.length < actionsMax && (mine.length === 0 || random.chance(0.5))) {
    const made = { action: blobs.next(random.between(smallestBytes, smallBytesMax)), acknowledged: 0, begun: 0 };
    mine.push(made);
    promises.actions.push(made);
  }
  const action = random.pick(mine);
  const outputs = Array.from({ length: random.between(1, outputsMax) }, () => random.pick(promises.acknowledged));
  action.begun++;
  const version = action.begun;
  await client.setResult(action.action, outputs, version);
  action.acknowledged = version;
}

async function lookUp({ random, promises, mayEvict }: LoadInit, client: CacheClient): Promise<void> {
  if (promises.acknowledged.length === 0) return;
  const asked = Array.from({ length: 100 }, () => random.pick(promises.acknowledged));
  const missing = await client.missing(asked);
  if (missing.size > 0 && !mayEvict) throw new WrongAnswer(`${missing.size} acknowledged blobs are said to be missing`);
}

async function readBack(init: LoadInit, client: CacheClient): Promise<void> {
  const { random, promises, mayEvict } = init;
  if (promises.acknowledged.length === 0) return;
  const blob: MadeBlob = random.pick(promises.acknowledged);
  const data = await client.read(blob);
  if (data === undefined && mayEvict) return;
  if (data === undefined || !data.equals(init.blobs.dataOf(blob)))
    throw new WrongAnswer(`${blob.hex}, ${blob.sizeBytes} bytes, was read as ${data?.length ?? 'missing'}`);
}
