import { CacheClient } from './cache-client.ts';
import { WrongAnswer } from './load.ts';
import type { MadeBlob, MadeBlobs } from './made-blobs.ts';
import type { Promises } from './promises.ts';

const askedAtOnce = 2000;
const readAtOnceBytes = 1024 * 1024;
const batchedBytesMax = 64 * 1024;

export interface VerificationInit {
  readonly address: string;
  readonly blobs: MadeBlobs;
  readonly promises: Promises;
  readonly mayEvict: boolean;
  /** Of the large blobs, those that are read this time. */
  readonly isRead: (blob: MadeBlob, at: number) => boolean;
}

/**
 * Asks for all that was acknowledged, and reads it back byte for byte; what was only begun is to be right or absent.
 * Returns how many blobs were read. What evictions took is no longer promised afterwards.
 */
export async function verify(init: VerificationInit): Promise<number> {
  using client = new CacheClient(init.address);
  const { promises, mayEvict } = init;
  const known = promises.acknowledged.splice(0);
  const missing = await missingOf(client, known);
  if (missing.size > 0 && !mayEvict)
    throw new WrongAnswer(`${missing.size} acknowledged blobs are missing: ${first(missing)}`);
  const claimed = known.filter(({ hex }) => !missing.has(hex));
  promises.acknowledged.push(...claimed);

  const begun = Array.from(promises.begun.values());
  const absent = await missingOf(client, begun);
  const there = begun.filter(({ hex }) => !absent.has(hex));
  promises.begun.clear();
  promises.acknowledged.push(...there); // They were said to be there.

  const small = claimed.filter(({ sizeBytes }) => sizeBytes <= batchedBytesMax);
  const large = claimed.filter((blob, at) => blob.sizeBytes > batchedBytesMax && init.isRead(blob, at));
  for (const some of batches(small)) await readSmall(init, client, some);
  for (const blob of [...large, ...there]) await readLarge(init, client, blob);
  await results(init, client);
  return small.length + large.length + there.length;
}

async function missingOf(client: CacheClient, blobs: readonly MadeBlob[]): Promise<Set<string>> {
  const missing = new Set<string>();
  for (let at = 0; at < blobs.length; at += askedAtOnce) {
    for (const hex of await client.missing(blobs.slice(at, at + askedAtOnce))) missing.add(hex);
  }
  return missing;
}

async function readSmall({ blobs, mayEvict }: VerificationInit, client: CacheClient, some: MadeBlob[]): Promise<void> {
  const found = await client.readBatch(some);
  for (const blob of some) {
    const data = found.get(blob.hex);
    if (data === undefined && mayEvict) continue;
    if (data === undefined || !data.equals(blobs.dataOf(blob))) throw wrong(blob, data);
  }
}

async function readLarge({ blobs, mayEvict }: VerificationInit, client: CacheClient, blob: MadeBlob): Promise<void> {
  const data = await client.read(blob);
  if (data === undefined && mayEvict) return;
  if (data === undefined || !data.equals(blobs.dataOf(blob))) throw wrong(blob, data);
}

async function results({ promises, mayEvict }: VerificationInit, client: CacheClient): Promise<void> {
  for (const promised of promises.actions) {
    const { action, acknowledged, begun } = promised;
    const version = await client.result(action);
    const isAbsent = version === undefined && (mayEvict || acknowledged === 0);
    if (!isAbsent && !(version !== undefined && version >= acknowledged && version <= begun)) {
      throw new WrongAnswer(
        `the result of ${action.hex} is version ${version}; ${acknowledged} was acknowledged, ${begun} begun`,
      );
    }
    if (version === undefined) continue;
    promised.acknowledged = version;
    promised.begun = version;
  }
}

function* batches(blobs: readonly MadeBlob[]): Generator<MadeBlob[]> {
  let batch: MadeBlob[] = [];
  let bytes = 0;
  for (const blob of blobs) {
    batch.push(blob);
    bytes += blob.sizeBytes;
    if (bytes < readAtOnceBytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function wrong({ hex, sizeBytes }: MadeBlob, data: Buffer | undefined): WrongAnswer {
  return new WrongAnswer(`${hex} of ${sizeBytes} bytes was ${data === undefined ? 'not there' : 'read wrong'}`);
}

function first(of: Iterable<string>): string {
  const [one = ''] = of;
  return one;
}
