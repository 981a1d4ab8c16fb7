import type { LoadResult } from '../load/closed-loop.ts';
import type { LoadJob } from '../load/load-job.ts';
import { LoadProcess } from '../load/load-process.ts';
import { mebibytes, shown, type Table } from '../report/table.ts';
import type { Peer } from '../server/peer.ts';
import { RunningServer } from '../server/running-server.ts';
import { median } from '../statistics.ts';
import { messageOf, type Plan } from './suite.ts';

const suite = 'start-up';
const blobsPerCall = 100;
const blobBytes = 1024;
const fillWithinMs = 3_600_000;

/** How the server before ended. */
const ends = ['stopped', 'killed'] as const;
type End = (typeof ends)[number];

/** From a process's start to its first answer, with stores of several sizes, in warm caches of the kernel. */
export async function startUp(plan: Plan): Promise<Table | undefined> {
  const rows: string[][] = [];
  const notes: string[] = [];
  for (const count of plan.storeSizes) {
    const workload = `${count}-blobs`;
    if (!plan.wants(suite, workload)) continue;
    for (const peer of plan.peers) {
      plan.progress(`${suite}/${workload}, ${peer.name}`);
      const measurements = await measured(peer, count, plan).catch((reason) => {
        notes.push(`${peer.name}: ${messageOf(reason).split('\n').join(' ')}`);
        return ends.map((end) => [end, ...Array<string>(5).fill('n/a')]);
      });
      for (const cells of measurements) rows.push([workload, peer.name, ...cells]);
    }
  }
  if (rows.length === 0) return undefined;
  const columns = ['store', 'server', 'after it was', 'ready ms', 'from', 'to', 'server cpu ms', 'RSS MiB'];
  return { name: suite, title: 'Start-up', columns, rows, notes };
}

async function measured(peer: Peer, blobs: number, plan: Plan): Promise<string[][]> {
  const directory = plan.newDirectory(peer.name);
  if (blobs > 0) {
    await using server = await RunningServer.start(peer, directory, plan.cores);
    await fill(server.port, blobs);
  }
  const rows: string[][] = [];
  for (const end of ends) rows.push([end, ...(await starts(peer, directory, plan, end))]);
  return rows;
}

async function starts(peer: Peer, directory: string, plan: Plan, end: End): Promise<string[]> {
  const samples: { readyMs: number; cpuMs: number; peakBytes: number }[] = [];
  const rounds = Math.max(3, plan.rounds);
  for (let round = 0; round <= rounds; round++) {
    await using server = await RunningServer.start(peer, directory, plan.cores);
    // The first is there to be ended as the others are.
    if (round > 0) samples.push({ readyMs: server.readyMs, cpuMs: server.cpuMs, peakBytes: server.peakBytes });
    if (end === 'killed') await server.kill();
  }
  const ready = samples.map(({ readyMs }) => readyMs);
  return [
    shown(median(ready)),
    shown(Math.min(...ready)),
    shown(Math.max(...ready)),
    shown(median(samples.map(({ cpuMs }) => cpuMs))),
    mebibytes(median(samples.map(({ peakBytes }) => peakBytes))),
  ];
}

async function fill(port: number, blobs: number): Promise<void> {
  const calls = {
    kind: 'new-blobs',
    method: 'batch-update',
    blobBytes,
    blobsPerCall,
    messageBytes: blobBytes,
  } as const;
  const job: LoadJob = {
    ...{ port, connections: 2, inFlight: 4, warmUpMs: 0, forMs: fillWithinMs },
    calls: { ...calls, callsMax: Math.ceil(blobs / blobsPerCall) },
  };
  const load = await LoadProcess.start<LoadResult>('run-load.ts', job);
  const { calls: made, problem } = await load.go();
  if (made * blobsPerCall < blobs) throw new Error(`${made * blobsPerCall} of ${blobs} blobs were stored: ${problem}`);
}
