import { GetTreeResponse } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { DirectoryTree } from '../directory-tree.ts';
import { GrpcClient } from '../grpc-client.ts';
import { mebibytes, shown, type Table } from '../report/table.ts';
import { type Timing, timingCells } from '../report/timings.ts';
import { getTree } from '../requests.ts';
import type { Peer } from '../server/peer.ts';
import type { RunningServer } from '../server/running-server.ts';
import { Rivals } from './rivals.ts';
import type { Plan } from './suite.ts';

const suite = 'trees';
const directories = 100_000;
/** The first of them finds nothing warm but what it was filled by. */
const readsPerRound = 3;

/** How long one GetTree of a large tree takes, all its messages. */
export async function trees(plan: Plan): Promise<Table | undefined> {
  if (!plan.wants(suite, 'GetTree')) return undefined;
  const tree = new DirectoryTree(directories);
  const timings = new Map<Peer, Timing[]>();
  await using rivals = new Rivals(`${suite}/GetTree`, plan);
  await rivals.start(plan.peers, async ({ port }) => {
    using client = new GrpcClient(port);
    for (const { path, body } of tree.uploads()) await client.must(path, body);
  });
  for (let round = 1; round <= plan.rounds; round++) {
    await rivals.each(`round ${round} of ${plan.rounds}`, async (server) => {
      for (let i = 0; i < readsPerRound; i++) {
        timings.set(server.peer, [...(timings.get(server.peer) ?? []), await measured(server, tree)]);
      }
    });
  }
  const workload = `${shown(directories)} directories, ${mebibytes(tree.sizeBytes)} MiB`;
  const columns = ['tree', 'server', 'wall ms', 'from', 'to', 'server cpu ms', 'peak RSS MiB', 'others'];
  const rows = plan.peers.map((peer) => [
    workload,
    peer.name,
    ...timingCells(columns.slice(2), timings.get(peer) ?? []),
  ]);
  return { name: suite, title: 'GetTree', columns, rows, notes: rivals.notes };
}

async function measured(server: RunningServer, { root }: DirectoryTree): Promise<Timing> {
  using client = new GrpcClient(server.port);
  const { path, body } = getTree(root);
  const { result, usage } = await server.during(async () => {
    const startMs = performance.now();
    const answer = await client.must(path, body);
    return { wallMs: performance.now() - startMs, answer };
  });
  const found = result.answer.messages.reduce(
    (sum, bytes) => sum + GetTreeResponse.decode(bytes).directories.length,
    0,
  );
  if (found !== directories) throw new Error(`${found} directories instead of ${directories}`);
  return { wallMs: result.wallMs, ...usage };
}
