import { setTimeout as delay } from 'node:timers/promises';
import { methodPath } from '@gorego/proto';
import { HealthCheckRequest, HealthCheckResponse, HealthDefinition } from '@gorego/proto/grpc/health/v1/health';
import { framed, GrpcClient } from '../grpc-client.ts';
import type { LoadResult } from '../load/closed-loop.ts';
import type { LoadJob } from '../load/load-job.ts';
import { LoadProcess } from '../load/load-process.ts';
import { shown, type Table } from '../report/table.ts';
import { findMissing, type Request, read } from '../requests.ts';
import { BackingCache } from '../server/backing-cache.ts';
import { gorego, ownCheckout } from '../server/peer.ts';
import { RunningServer } from '../server/running-server.ts';
import { median } from '../statistics.ts';
import { Stock } from '../stock.ts';
import type { Plan } from './suite.ts';

const suite = 'proxy-hits';

interface Sample {
  readonly load: LoadResult;
  readonly cpuMs: number;
}

/** Local-only is the yardstick; the other two stand before a backing cache, which the third can't reach. */
const settings = ['local-only', 'before a cache', 'before a black hole'] as const;
type Setting = (typeof settings)[number];

/** The circuit must open and close within this, or the run fails. */
const switchWithinMs = 30_000;

/** What a hit in tier 1 costs a goREgo with a backing cache, with one that has vanished, and without one; in turns. */
export async function proxyHits(plan: Plan): Promise<Table | undefined> {
  if (!plan.wants(suite, 'tier1')) return undefined;
  const stock = new Stock();
  await using running = new AsyncDisposableStack();
  const upstream = running.use(await BackingCache.start(plan));
  const peer = gorego('gorego', ownCheckout);
  const start = async (place: { upstreamPort?: number }): Promise<RunningServer> => {
    const server = running.use(await RunningServer.start(peer, plan.newDirectory('gorego'), plan.cores, place));
    await stock.fill(server.port);
    return server;
  };
  const local = await start({});
  const proxied = await start({ upstreamPort: upstream.line.port });
  await delay(1000); // Uploads reach tier 1 after they are acknowledged.
  const file = stock.files[0];
  if (file === undefined) throw new Error('no files');
  const workloads: readonly (readonly [string, Request])[] = [
    ['Read-4KiB', read(file)],
    ['FindMissing-100-present', findMissing(stock.small.slice(0, 100))],
  ];
  const samples = new Map<string, Sample[]>();
  const switches: { openMs: number; closeMs: number }[] = [];
  for (let round = 1; round <= plan.rounds; round++) {
    for (const setting of settings) {
      const isLost = setting === 'before a black hole';
      const openMs = isLost ? await lose(upstream, proxied, stock) : 0;
      for (const [name, request] of workloads) {
        plan.progress(`${suite}/${name}, ${setting}, round ${round} of ${plan.rounds}`);
        const key = `${name} ${setting}`;
        const server = setting === 'local-only' ? local : proxied;
        samples.set(key, [...(samples.get(key) ?? []), await measured(server, request, plan)]);
      }
      if (isLost) switches.push({ openMs, closeMs: await find(upstream, proxied) });
    }
  }
  const rows = workloads.flatMap(([name]) =>
    settings.map((setting) => rowOf(name, setting, (each) => samples.get(`${name} ${each}`) ?? [])),
  );
  const worst = (pick: (each: { openMs: number; closeMs: number }) => number): string =>
    shown(Math.max(...switches.map(pick)) / 1000);
  const notes = [
    `The circuit opened ${worst(({ openMs }) => openMs)} s after the line went dead under load, and closed ` +
      `${worst(({ closeMs }) => closeMs)} s after it was mended, at worst.`,
  ];
  const columns = ['workload', 'gorego', 'req/s', 'cpu us a call', 'x local-only', 'p50 ms', 'p99 ms', 'x local-only'];
  return { name: suite, title: 'Before a backing cache, hits in tier 1', columns, rows, notes };
}

function rowOf(name: string, setting: Setting, of: (setting: Setting) => readonly Sample[]): string[] {
  const over = (which: Setting, pick: (sample: Sample) => number): number => median(of(which).map(pick));
  const cpuUs = ({ cpuMs, load }: Sample): number => (1000 * cpuMs) / load.calls;
  const p99Ms = ({ load }: Sample): number => load.p99Ms;
  const ratio = (pick: (sample: Sample) => number): string =>
    (over(setting, pick) / over('local-only', pick)).toFixed(2);
  return [
    ...[name, setting, shown(over(setting, ({ load }) => load.calls / (load.elapsedMs / 1000)))],
    ...[shown(over(setting, cpuUs)), ratio(cpuUs), shown(over(setting, ({ load }) => load.p50Ms))],
    ...[shown(over(setting, p99Ms)), ratio(p99Ms)],
  ];
}

async function measured(server: RunningServer, { path, body }: Request, plan: Plan): Promise<Sample> {
  using client = new GrpcClient(server.port);
  const { bodyBytes } = await client.must(path, body);
  const job: LoadJob = {
    ...{ port: server.port, connections: 4, inFlight: 4, warmUpMs: plan.warmUpMs, forMs: plan.forMs },
    calls: { kind: 'same', path, body, responseBytes: bodyBytes },
  };
  const process = await LoadProcess.start<LoadResult>('run-load.ts', job);
  const { result, usage } = await server.during(() => process.go());
  if (result.failed > 0) throw new Error(`${result.failed} calls failed: ${result.problem}`);
  return { load: result, cpuMs: usage.cpuMs };
}

/** The line goes dead while something is asked over it. Resolves when the proxy knows, to how long that took. */
async function lose({ line }: BackingCache, { port }: RunningServer, stock: Stock): Promise<number> {
  const { path, body } = findMissing(stock.absent.slice(0, 1));
  line.set({ blackholes: true });
  using client = new GrpcClient(port);
  void client.call(path, body).catch(() => {});
  return await until(port, false); // The call must not end before.
}

async function find({ line }: BackingCache, { port }: RunningServer): Promise<number> {
  line.set({});
  return until(port, true);
}

/** Waits until a goREgo says that it can, or can't, ask its backing cache; resolves to how long that took. */
async function until(port: number, isUp: boolean): Promise<number> {
  using client = new GrpcClient(port);
  const request = HealthCheckRequest.encode({ service: 'gorego.backing_cache' }).finish();
  const startMs = performance.now();
  for (;;) {
    const { messages } = await client.must(methodPath(HealthDefinition, 'check'), framed(request));
    const { status } = HealthCheckResponse.decode(messages[0] ?? Buffer.alloc(0));
    const tookMs = performance.now() - startMs;
    if ((status === 1) === isUp) return tookMs;
    if (tookMs > switchWithinMs) throw new Error(`the circuit is not ${isUp ? 'closed' : 'open'} after ${tookMs} ms`);
    await delay(10);
  }
}
