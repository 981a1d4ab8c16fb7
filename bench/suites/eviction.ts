import { bound } from '../eviction/bound.ts';
import { belady, closures, gdsf, lru, type Policy, value } from '../eviction/policies.ts';
import { type Outcome, replay } from '../eviction/replay.ts';
import { type Trace, totalsOf, workingSetBytes } from '../eviction/trace.ts';
import { traceOf, usual, type Workload } from '../eviction/workload.ts';
import type { Table } from '../report/table.ts';
import type { Plan } from './suite.ts';

const suite = 'eviction';

type Judge = (trace: Trace, capacityBytes: number) => Outcome;

const played =
  (policy: Policy): Judge =>
  (trace, capacityBytes) =>
    replay(trace, policy, capacityBytes, totalsOf(trace));

const judges: readonly (readonly [string, Judge])[] = [
  ['`lru`', played(lru)],
  ['`value`', played(value)],
  ['GDSF', played(gdsf)],
  ['GDSF of closures', played(closures)],
  ['Belady', played(belady)],
  ['bound', bound],
];

/** Workloads, and the sizes of cache that each is played to, as shares of all there ever was. */
const workloads: readonly (readonly [string, Workload, readonly number[]])[] = [
  ['usual', usual, [0.02, 0.05, 0.1, 0.2, 0.5]],
  ['CI alone', { ...usual, developers: 0 }, [0.05, 0.1]],
  ['developers', { ...usual, changes: 3, developers: 20, builds: 10 }, [0.05, 0.1]],
  ['no images', { ...usual, hasImages: false }, [0.05, 0.1]],
];

/** What is kept, and what goes: a pure simulation, which takes no server and says nothing of speed. As many seeds as rounds. */
export async function eviction(plan: Plan): Promise<Table | undefined> {
  const rows: string[][] = [];
  for (const [name, workload, shares] of workloads.filter(([each]) => plan.wants(suite, each))) {
    plan.progress(`${suite}/${name}`);
    const traces = Array.from({ length: plan.rounds }, (_, i) => traceOf({ ...workload, seed: i + 1 }));
    for (const share of shares) {
      const cells = judges.map(([, judge]) =>
        shownMean(traces.map((trace) => judge(trace, workingSetBytes(trace) * share))),
      );
      rows.push([`${name}, ${Math.round(share * 100)} %`, ...cells]);
    }
  }
  if (rows.length === 0) return undefined;
  return {
    ...{ name: suite, title: 'Eviction', columns: ['trace, size of the cache', ...judges.map(([name]) => name)], rows },
    notes: [
      'Each cell: percent of actions found / of their bytes / of the time to execute them, saved; in a cache of that part of everything there ever was.',
      `Means of ${plan.rounds} generated traces (\`bench/eviction/workload.ts\`), not of anybody's real builds.`,
      'Belady knows the future and lets go of what is asked for last; no cache of any kind does better than the bound.',
    ],
  };
}

function shownMean(outcomes: readonly Outcome[]): string {
  const mean = (of: (outcome: Outcome) => number): string =>
    ((100 * outcomes.reduce((sum, outcome) => sum + of(outcome), 0)) / outcomes.length).toFixed(1);
  return [mean(({ hits }) => hits), mean(({ bytes }) => bytes), mean(({ seconds }) => seconds)].join(' / ');
}
