import { GetTreeResponse } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { DirectoryTree } from '../directory-tree.ts';
import { GrpcClient } from '../grpc-client.ts';
import { mebibytes, percents, shown, type Table } from '../report/table.ts';
import { getTree } from '../requests.ts';
import type { Peer } from '../server/peer.ts';
import { RunningServer, type ServerUsage } from '../server/running-server.ts';
import { median } from '../statistics.ts';
import { messageOf, type Plan } from './suite.ts';

const suite = 'trees';
const directories = 100_000;
/** The first of them finds nothing warm but what it was filled by. */
const readsPerRound = 3;

interface Sample extends ServerUsage {
  readonly wallMs: number;
}

/** How long one GetTree of a large tree takes, all its messages. */
export async function trees(plan: Plan): Promise<Table | undefined> {
  if (!plan.wants(suite, 'GetTree')) return undefined;
  const tree = new DirectoryTree(directories);
  const notes: string[] = [];
  const samples = new Map<Peer, Sample[]>();
  await using running = new AsyncDisposableStack();
  const servers: RunningServer[] = [];
  const attempt = async (peer: Peer, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (reason) {
      notes.push(`${peer.name}: ${messageOf(reason).split('\n').join(' ')}`);
    }
  };
  for (const peer of plan.peers) {
    await attempt(peer, async () => {
      plan.progress(`${suite}/GetTree, ${peer.name}, filling it`);
      const server = running.use(await RunningServer.start(peer, plan.newDirectory(peer.name), plan.cores));
      using client = new GrpcClient(server.port);
      for (const { path, body } of tree.uploads()) await client.must(path, body);
      servers.push(server);
    });
  }
  for (let round = 1; round <= plan.rounds; round++) {
    for (const server of servers) {
      await attempt(server.peer, async () => {
        plan.progress(`${suite}/GetTree, ${server.peer.name}, round ${round} of ${plan.rounds}`);
        for (let i = 0; i < readsPerRound; i++) {
          samples.set(server.peer, [...(samples.get(server.peer) ?? []), await measured(server, tree)]);
        }
      });
    }
  }
  const workload = `${shown(directories)} directories, ${mebibytes(tree.sizeBytes)} MiB`;
  const columns = ['tree', 'server', 'wall ms', 'from', 'to', 'server cpu ms', 'peak RSS MiB', 'others'];
  const rows = plan.peers.map((peer) => [workload, peer.name, ...cells(samples.get(peer) ?? [], columns.length - 2)]);
  return { name: suite, title: 'GetTree', columns, rows, notes };
}

function cells(samples: readonly Sample[], count: number): string[] {
  if (samples.length === 0) return Array<string>(count).fill('n/a');
  const wall = samples.map(({ wallMs }) => wallMs);
  const numbers = [median(wall), Math.min(...wall), Math.max(...wall), median(samples.map(({ cpuMs }) => cpuMs))];
  const peak = Math.max(...samples.map(({ peakBytes }) => peakBytes));
  const others = median(samples.map(({ othersShare }) => othersShare ?? Number.NaN));
  return [...numbers.map(shown), mebibytes(peak), percents(others)];
}

async function measured(server: RunningServer, { root }: DirectoryTree): Promise<Sample> {
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
