import { randomUUID } from 'node:crypto';
import { LoadProcess } from '../load/load-process.ts';
import type { LargeBlobJob, LargeBlobResult } from '../load/run-large-blob.ts';
import { mebibytes, percents, shown, type Table } from '../report/table.ts';
import type { Peer } from '../server/peer.ts';
import { RunningServer, type ServerUsage } from '../server/running-server.ts';
import { messageOf, type Plan } from './suite.ts';

const suite = 'memory';

/** The most memory that is resident while one large blob goes in, and while it comes out. */
export async function memory(plan: Plan): Promise<Table | undefined> {
  const workload = `one ${plan.largeBlobBytes / 2 ** 20} MiB blob`;
  if (!plan.wants(suite, 'large-blob')) return undefined;
  const notes: string[] = [];
  const rows: string[][] = [];
  for (const peer of plan.peers) {
    plan.progress(`${suite}/large-blob, ${peer.name}`);
    const cells = await measured(peer, plan).catch((reason) => {
      notes.push(`${peer.name}: ${messageOf(reason).split('\n').join(' ')}`);
      return Array<string>(8).fill('n/a');
    });
    rows.push([workload, peer.name, ...cells]);
  }
  return {
    name: suite,
    title: 'Memory',
    columns: [
      ...['workload', 'server', 'RSS before MiB', 'peak writing MiB', 'peak reading MiB'],
      ...['write MiB/s', 'read MiB/s', 'write cpu-s', 'read cpu-s', 'others'],
    ],
    rows,
    notes: ['The reader hashes what it reads, on one core: no server can be faster here than that.', ...notes],
  };
}

async function measured(peer: Peer, plan: Plan): Promise<string[]> {
  await using server = await RunningServer.start(peer, plan.newDirectory(peer.name), plan.cores);
  const job = { port: server.port, sizeBytes: plan.largeBlobBytes, seed: randomUUID() };
  const before = await server.during(async () => {});
  const step = async (name: LargeBlobJob['step']): Promise<LargeBlobResult & ServerUsage> => {
    const load = await LoadProcess.start<LargeBlobResult>('run-large-blob.ts', { ...job, step: name });
    const { result, usage } = await server.during(() => load.go());
    return { ...result, ...usage };
  };
  const writing = await step('write');
  const reading = await step('read');
  const rate = ({ elapsedMs }: { elapsedMs: number }): string => shown(job.sizeBytes / 2 ** 20 / (elapsedMs / 1000));
  return [
    mebibytes(before.usage.peakBytes),
    mebibytes(writing.peakBytes),
    mebibytes(reading.peakBytes),
    rate(writing),
    rate(reading),
    shown(writing.cpuMs / 1000),
    shown(reading.cpuMs / 1000),
    percents(Math.max(writing.othersShare ?? Number.NaN, reading.othersShare ?? Number.NaN)),
  ];
}
