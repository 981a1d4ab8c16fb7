import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { GrpcClient } from '../grpc-client.ts';
import type { LoadResult } from '../load/closed-loop.ts';
import { h2load, h2loadPath } from '../load/h2load.ts';
import type { LoadJob } from '../load/load-job.ts';
import { LoadProcess } from '../load/load-process.ts';
import { type Peer, yardstick } from '../server/peer.ts';
import { RunningServer } from '../server/running-server.ts';
import { Stock } from '../stock.ts';
import { problemOf, type Workload, type WorkloadGroup } from '../workloads.ts';
import { callsTable, type Sample } from './calls-table.ts';
import { messageOf, type Plan, type Suite } from './suite.ts';

/** Every workload of a group on every server in turn, round after round: what drifts drifts for all. */
export function calls(group: WorkloadGroup): Suite {
  return async (plan) => {
    const stock = new Stock();
    const workloads = group.workloads(stock).filter(({ name }) => plan.wants(group.name, name));
    if (workloads.length === 0) return undefined;
    const scratch = plan.newDirectory('scratch');
    await using running = new AsyncDisposableStack();
    const servers = new Map<Peer, RunningServer | string>();
    for (const peer of plan.peers) servers.set(peer, await started(peer, plan, stock, group, running));
    const rows = workloads.flatMap((workload) =>
      plan.peers.map((peer) => ({ workload, peer, samples: [] as Sample[] })),
    );
    for (let round = 1; round <= plan.rounds; round++) {
      for (const { workload, peer, samples } of rows) {
        const server = servers.get(peer);
        if (!(server instanceof RunningServer)) continue;
        plan.progress(`${group.name}/${workload.name}, ${peer.name}, round ${round} of ${plan.rounds}`);
        const sample = await measured(server, workload, plan, scratch);
        if (sample.problem !== undefined) plan.progress(`  failed: ${sample.problem}`);
        samples.push(sample);
      }
    }
    const problems = [...servers.values()].filter((server) => typeof server === 'string');
    return callsTable(group, rows, problems, yardstick);
  };
}

/** A server with the stock in it, or why there is none. */
async function started(
  peer: Peer,
  plan: Plan,
  stock: Stock,
  { isCompressing }: WorkloadGroup,
  running: AsyncDisposableStack,
): Promise<RunningServer | string> {
  if (peer.program === undefined) return `${peer.name} is not on PATH.`;
  try {
    const server = running.use(
      await RunningServer.start(peer, plan.newDirectory(peer.name), plan.cores, { isCompressing }),
    );
    await stock.fill(server.port);
    return server;
  } catch (reason) {
    return `${peer.name}: ${messageOf(reason)}`;
  }
}

async function measured(server: RunningServer, workload: Workload, plan: Plan, scratch: string): Promise<Sample> {
  try {
    const job = await jobFor(server, workload, plan);
    const run = await generator(job, plan, scratch);
    const { result: load, usage } = await server.during(run);
    // What was written goes to the disk now, not under the next server's load.
    if (job.calls.kind === 'new-blobs') await promisify(execFile)('sync');
    const failures = load.failed > 0 ? `${load.failed} of ${load.failed + load.calls} calls failed` : undefined;
    const problem = [failures, load.problem].filter((part) => part !== undefined).join(': ');
    return { load, usage, problem: problem === '' ? undefined : problem };
  } catch (reason) {
    return { load: undefined, usage: undefined, problem: messageOf(reason) };
  }
}

/** The load as it is for this server: its answer to the call is looked at once, then its length must stay. */
async function jobFor(server: RunningServer, { load, connections, inFlight }: Workload, plan: Plan): Promise<LoadJob> {
  const { forMs, warmUpMs } = plan;
  const common = { port: server.port, connections, inFlight, forMs, warmUpMs };
  if (load.kind === 'new-blobs') {
    const callsMax = Math.ceil(((warmUpMs + forMs) / 1000) * load.callsPerSecondMax);
    return { ...common, calls: { ...load, callsMax } };
  }
  const { path, body } = load.request;
  using client = new GrpcClient(server.port);
  const answer = await client.call(path, body);
  const problem = problemOf(answer, load.expected);
  if (problem !== undefined) throw new Error(problem);
  return { ...common, calls: { kind: 'same', path, body, responseBytes: answer.bodyBytes } };
}

/** Gets ready all that is not to be measured, and returns what is. */
async function generator(job: LoadJob, plan: Plan, scratch: string): Promise<() => Promise<LoadResult>> {
  const { calls: what } = job;
  if (what.kind === 'same' && h2loadPath !== undefined && !plan.withoutH2load) {
    return h2load({ ...job, calls: what }, h2loadPath, scratch);
  }
  const process = await LoadProcess.start<LoadResult>('run-load.ts', job);
  return () => process.go();
}
