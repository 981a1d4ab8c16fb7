import type { LoadResult } from '../load/closed-loop.ts';
import { mebibytes, percents, shown, type Table } from '../report/table.ts';
import type { Peer } from '../server/peer.ts';
import type { ServerUsage } from '../server/running-server.ts';
import { median, percentile, spread } from '../statistics.ts';
import type { Workload } from '../workloads.ts';

/** One measurement. With a problem its numbers mean nothing, if it has any. */
export interface Sample {
  readonly load: LoadResult | undefined;
  readonly usage: ServerUsage | undefined;
  readonly problem: string | undefined;
}

export interface Row {
  readonly workload: Workload;
  readonly peer: Peer;
  readonly samples: readonly Sample[];
}

/** Below this share of its core the server was not what limited the rate. */
const limitShare = 0.9;

const columns = [
  ...['workload', 'server', 'rate', 'spread', 'x', 'per cpu-s', 'x', 'p50 ms', 'p99 ms'],
  ...['server cpu', 'load cpu', 'others', 'peak RSS MiB'],
];

/** Medians over the rounds, and their ratios to the yardstick's. */
export function callsTable(
  { name, title }: { readonly name: string; readonly title: string },
  rows: readonly Row[],
  problems: readonly string[],
  yardstick: string,
): Table {
  const summaries = rows.map((row) => ({ ...row, summary: summaryOf(row) }));
  const cells = summaries.map(({ workload, peer, summary }) => {
    if (summary === undefined) return [workload.name, peer.name, ...columns.slice(2).map(() => 'n/a')];
    const beside = summaries.find((other) => other.workload === workload && other.peer.name === yardstick)?.summary;
    const unit = workload.contentBytes === undefined ? 'req/s' : 'MiB/s';
    return [
      workload.name,
      peer.name,
      `${shown(summary.rate)} ${unit}${summary.serverShare < limitShare ? '*' : ''}`,
      percents(summary.spread),
      ratio(summary.rate, beside?.rate),
      shown(summary.perCpuSecond),
      ratio(summary.perCpuSecond, beside?.perCpuSecond),
      shown(summary.p50Ms),
      shown(summary.p99Ms),
      percents(summary.serverShare),
      percents(summary.loadShare),
      percents(summary.othersShare),
      mebibytes(summary.peakBytes),
    ];
  });
  return { name, title, columns, rows: cells, notes: [...notesOn(rows), ...problems] };
}

interface Summary {
  readonly rate: number;
  readonly spread: number;
  readonly perCpuSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly serverShare: number;
  readonly loadShare: number;
  readonly othersShare: number;
  readonly peakBytes: number;
}

function summaryOf({ workload, samples }: Row): Summary | undefined {
  const good = samples.flatMap(({ load, usage, problem }) =>
    load !== undefined && usage !== undefined && problem === undefined ? [{ load, usage }] : [],
  );
  if (good.length === 0) return undefined;
  const perCall = (workload.contentBytes ?? 2 ** 20) / 2 ** 20;
  const rates = good.map(({ load }) => (load.calls * perCall) / (load.elapsedMs / 1000));
  const over = (pick: (sample: { load: LoadResult; usage: ServerUsage }) => number): number => median(good.map(pick));
  return {
    rate: median(rates),
    spread: spread(rates),
    perCpuSecond: over(({ load, usage }) => (load.calls * perCall) / (usage.cpuMs / 1000)),
    p50Ms: over(({ load }) => load.p50Ms),
    p99Ms: over(({ load }) => load.p99Ms),
    serverShare: over(({ load, usage }) => usage.cpuMs / load.elapsedMs),
    loadShare: over(({ load }) => load.cpuMs / load.elapsedMs),
    othersShare: over(({ usage }) => usage.othersShare ?? Number.NaN),
    peakBytes: Math.max(...good.map(({ usage }) => usage.peakBytes)),
  };
}

function ratio(value: number, beside: number | undefined): string {
  return beside === undefined ? '-' : (value / beside).toFixed(2);
}

function notesOn(rows: readonly Row[]): string[] {
  const samples = rows.flatMap((row) => row.samples);
  const ofServer = samples.flatMap(({ usage }) => usage?.othersShare ?? []);
  const ofLoad = samples.flatMap(({ load, usage }) =>
    load === undefined || usage?.loadCoreShare === undefined
      ? []
      : Math.max(0, usage.loadCoreShare - load.cpuMs / load.elapsedMs),
  );
  const told = (shares: readonly number[]): string =>
    `${percents(median(shares))} (in nine of ten measurements ${percents(percentile(shares, 90))} at most, at worst ${percents(Math.max(...shares))})`;
  const quiet =
    ofServer.length === 0
      ? 'How much other programs took is unknown: server and load had no cores of their own.'
      : `Other programs took ${told(ofServer)} of the server's core, and ${told(ofLoad)} of the load's; medians.`;
  const failed = rows.flatMap(({ workload, peer, samples }) => {
    const problem = samples.find((sample) => sample.problem !== undefined)?.problem;
    return problem === undefined ? [] : [`${workload.name} failed on ${peer.name}: ${problem.split('\n').join(' ')}`];
  });
  return [quiet, ...failed];
}
