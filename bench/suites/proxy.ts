import { GrpcClient } from '../grpc-client.ts';
import { LoadProcess } from '../load/load-process.ts';
import type { ReadsJob, ReadsResult } from '../load/run-reads.ts';
import { NumberedBlobs } from '../numbered-blobs.ts';
import { mebibytes, shown, type Table } from '../report/table.ts';
import { batchRead, type Named, type Request, read as readOne, write } from '../requests.ts';
import { BackingCache } from '../server/backing-cache.ts';
import type { Peer } from '../server/peer.ts';
import { RunningServer } from '../server/running-server.ts';
import { messageOf, type Plan } from './suite.ts';

const suite = 'proxy';

/** Cold reads over a line of some kind. */
interface ColdReads {
  readonly name: string;
  readonly line: { readonly bytesPerSecond?: number; readonly latencyMs?: number };
  readonly blobBytes: number;
  readonly blobs: number;
  /** Read together; 1 is by ByteStream. */
  readonly blobsPerCall: number;
  /** Of each blob. */
  readonly readers: number;
  readonly connections: number;
  readonly inFlight: number;
}

function workloadsOf({ largeBlobBytes }: Plan): readonly ColdReads[] {
  const blobBytes = largeBlobBytes / 32; // 64 MiB, unless in a hurry.
  const large = { line: { bytesPerSecond: 50e6 }, blobBytes, blobs: 1, blobsPerCall: 1 };
  const small = { line: { latencyMs: 5 }, blobBytes: 4096, blobs: 2000, readers: 1 };
  const size = `${blobBytes / 2 ** 20}MiB`;
  return [
    { name: `1-reader-${size}`, ...large, readers: 1, connections: 1, inFlight: 1 },
    { name: `100-readers-${size}`, ...large, readers: 100, connections: 10, inFlight: 10 },
    { name: '2000x4KiB', ...small, blobsPerCall: 1, connections: 4, inFlight: 25 },
    { name: '2000x4KiB-in-batches', ...small, blobsPerCall: 100, connections: 4, inFlight: 1 },
  ];
}

const columns = [
  ...['workload', 'server', 'upstream reads', 'first byte p50 ms', 'p99 ms', 'total ms', 'x direct'],
  ...['server cpu ms', 'RSS growth MiB'],
];

/** What is not in tier 1 yet, through each server as a proxy before the same cache, and from that cache directly. */
export async function proxy(plan: Plan): Promise<Table | undefined> {
  const wanted = workloadsOf(plan).filter(({ name }) => plan.wants(suite, name));
  if (wanted.length === 0) return undefined;
  const rows: string[][] = [];
  const notes = [
    'The line to the backing cache carries 50 MB/s for the large blobs; for those of 4 KiB a round trip on it takes ' +
      '10 ms: 100 are read at once, or four batches of 100. `direct` is that line without a proxy, and one reader.',
  ];
  await using upstream = await BackingCache.start(plan);
  for (const workload of wanted) {
    const reads = await stock(upstream, workload);
    upstream.line.set(workload.line);
    plan.progress(`${suite}/${workload.name}, direct`);
    const direct = await read(upstream.line.port, { ...workload, readers: 1 }, reads);
    rows.push([workload.name, 'direct', '1.00', ...timesOf(direct), '1.00', '-', '-']);
    for (const peer of plan.peers) {
      plan.progress(`${suite}/${workload.name}, ${peer.name}`);
      const cells = await measured(peer, workload, reads, upstream, direct, plan).catch((reason) => {
        notes.push(`${peer.name}: ${messageOf(reason).split('\n').join(' ')}`);
        return columns.slice(2).map(() => 'n/a');
      });
      rows.push([workload.name, peer.name, ...cells]);
    }
    upstream.line.set({});
  }
  return { name: suite, title: 'Before a backing cache, cold', columns, rows, notes };
}

/** Puts a workload's blobs into the backing cache, past the line. */
async function stock({ server }: BackingCache, { blobBytes, blobs }: ColdReads): Promise<Named[]> {
  const source = new NumberedBlobs(blobBytes);
  using client = new GrpcClient(server.port);
  const named: Named[] = [];
  for (let n = 0; n < blobs; n++) {
    const blob = source.at(n);
    const name = { hex: blob.hex, sizeBytes: blobBytes };
    const { path, body } = write(name, source.dataOf(blob), 1024 * 1024);
    await client.must(path, body);
    named.push(name);
  }
  return named;
}

async function read(port: number, workload: ColdReads, blobs: readonly Named[]): Promise<ReadsResult> {
  const { readers, connections, inFlight, blobsPerCall, blobBytes } = workload;
  const calls = Array.from({ length: blobs.length / blobsPerCall }, (_, i) => {
    const some = blobs.slice(i * blobsPerCall, (i + 1) * blobsPerCall);
    const request = blobsPerCall === 1 ? readAll(some) : batchRead(some);
    return { ...request, sizeBytes: some.length * blobBytes };
  });
  const reads = calls.flatMap((call) => Array.from({ length: readers }, () => call));
  const job: ReadsJob = { port, connections, inFlight, reads };
  const load = await LoadProcess.start<ReadsResult>('run-reads.ts', job);
  const result = await load.go();
  if (result.problem !== undefined) throw new Error(result.problem);
  return result;
}

function readAll([blob]: readonly Named[]): Request {
  if (blob === undefined) throw new Error('nothing to read');
  return readOne(blob);
}

async function measured(
  peer: Peer,
  workload: ColdReads,
  blobs: readonly Named[],
  { line }: BackingCache,
  direct: ReadsResult,
  plan: Plan,
): Promise<string[]> {
  const directory = plan.newDirectory(peer.name);
  await using server = await RunningServer.start(peer, directory, plan.cores, { upstreamPort: line.port });
  const before = await server.during(async () => {});
  const downBefore = line.bytesDown;
  const { result, usage } = await server.during(() => read(server.port, workload, blobs));
  const upstreamReads = (line.bytesDown - downBefore) / (workload.blobBytes * workload.blobs);
  return [
    shown(upstreamReads),
    ...timesOf(result),
    (result.elapsedMs / direct.elapsedMs).toFixed(2),
    shown(usage.cpuMs),
    mebibytes(usage.peakBytes - before.usage.peakBytes),
  ];
}

function timesOf({ firstByteP50Ms, firstByteP99Ms, elapsedMs }: ReadsResult): string[] {
  return [shown(firstByteP50Ms), shown(firstByteP99Ms), shown(elapsedMs)];
}
