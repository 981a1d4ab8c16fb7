import { randomBytes } from 'node:crypto';
import { background, TaskGroup } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Janitor } from '@gorego/janitor';
import { systemClock as clock, letHeapGrow, NodeDisk, systemRandom as random } from '@gorego/platform';
import { BlobReader, LocalStore } from '@gorego/storage';
import { childOf } from '../load/child.ts';

export interface StoreJob {
  readonly directory: string;
  readonly blobBytes: number;
  readonly count: number;
  /** Puts and gets at a time. */
  readonly atOnce: number;
  readonly durability: 'process' | 'power';
  readonly maxBytes: number;
}

export interface StoreRate {
  readonly doing: string;
  readonly perSecond: number;
  /** For a second of CPU time of the whole process, threads and garbage collection included. */
  readonly perCpuSecond: number;
  readonly p99Ms: number;
  /** The most that the store took beyond what it may; undefined where nobody looked. */
  readonly overBytes?: number;
}

const ctx = background();
/** Blobs are made in portions, so that making them is not measured, and not all are held. */
const portion = 2000;

/** What goes through the store before it is measured, as a share of what follows: code is compiled meanwhile. */
const warmUpShare = 0.25;

/** Puts and gets `count` blobs, the first of them of that number. */
async function rates(job: StoreJob, store: LocalStore, firstNumber: number, count: number): Promise<StoreRate[]> {
  const put = new Stopwatch();
  const get = new Stopwatch();
  const base = randomBytes(job.blobBytes);
  let overBytes = Number.NEGATIVE_INFINITY;
  for (let done = 0; done < count; done += portion) {
    const blobs = Array.from({ length: Math.min(portion, count - done) }, (_, i) => {
      const bytes = Buffer.from(base);
      bytes.writeUInt32LE(firstNumber + done + i, 0);
      return { bytes, digest: Digest.ofBytes(bytes) };
    });
    await put.over(blobs, job.atOnce, async ({ bytes, digest }) => {
      await store.blobs.put(ctx, digest, BlobReader.ofBytes(bytes));
      overBytes = Math.max(overBytes, store.diskBytes - job.maxBytes);
    });
    await get.over(blobs, job.atOnce, async ({ digest }) => {
      const blob = await store.blobs.get(ctx, digest);
      if (blob === undefined) return; // It was evicted; those that were are few, and cost less.
      if (blob.bytes === undefined) for await (const _ of blob);
    });
  }
  return [{ ...put.rate('put'), overBytes }, get.rate('get')];
}

/** Adds up how long things take, by the clock and by the CPU. */
class Stopwatch {
  readonly #latencies: number[] = [];
  #wallMs = 0;
  #cpuMs = 0;

  async over<Item>(items: readonly Item[], atOnce: number, work: (item: Item) => Promise<void>): Promise<void> {
    const began = { wall: performance.now(), cpu: process.cpuUsage() };
    const queue = items.values();
    const worker = async (): Promise<void> => {
      for (const item of queue) {
        const startMs = performance.now();
        await work(item);
        this.#latencies.push(performance.now() - startMs);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    const { user, system } = process.cpuUsage(began.cpu);
    this.#wallMs += performance.now() - began.wall;
    this.#cpuMs += (user + system) / 1000;
  }

  rate(doing: string): StoreRate {
    const count = this.#latencies.length;
    const sorted = this.#latencies.sort((a, b) => a - b);
    return {
      doing,
      perSecond: (count / this.#wallMs) * 1000,
      perCpuSecond: (count / this.#cpuMs) * 1000,
      p99Ms: sorted[Math.floor(count * 0.99)] ?? 0,
    };
  }
}

letHeapGrow(); // As `gorego serve` does.

await childOf<StoreJob, StoreRate[]>(async (job) => async () => {
  const disk = new NodeDisk(job.directory);
  await using tasks = new TaskGroup(ctx, (what, { message }) => process.stderr.write(`${what}: ${message}\n`));
  const janitor = new Janitor({
    ...{ clock, tasks, space: () => disk.space(), maxBytes: job.maxBytes, minFreeBytes: 0, graceMs: 0 },
  });
  await using store = await LocalStore.open({
    ...{ disk, random, clock, room: janitor, durability: job.durability, boot: 'this one' },
    segmentBytes: Math.max(256 * 1024, Math.min(128 * 2 ** 20, job.maxBytes / 256)),
  });
  await using _ = janitor; // It ends before the store does.
  await store.reconciled();
  janitor.keep(store.housekeeping);
  const warmUp = Math.ceil(job.count * warmUpShare);
  await rates(job, store, 0, warmUp);
  return await rates(job, store, warmUp, job.count);
});
