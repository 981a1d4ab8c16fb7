import { SeededRandom } from '@gorego/simulation';
import { Repository, type Sources } from './repository.ts';
import type { Trace } from './trace.ts';
import { TraceWriter } from './trace-writer.ts';

/** How a company builds. */
export interface Workload {
  readonly seed: number;
  readonly days: number;
  /** Targets of each project. */
  readonly targets: number;
  /** What happens in each project, as a share of what happens in the busiest. */
  readonly activity: readonly number[];
  /** Changes on a working day: each is built by CI once or more before it is merged, and once after. */
  readonly changes: number;
  /** Developers, and the builds of each on a working day: they have what they built last, and ask for what is new. */
  readonly developers: number;
  readonly builds: number;
  /** Builds of some state of the past on a working day: bisections, reverts, new checkouts. */
  readonly lookBacks: number;
  /** Does CI pack images, which hardly anybody ever reads? */
  readonly hasImages: boolean;
}

export const usual: Workload = {
  ...{ seed: 1, days: 14, targets: 300, activity: [1, 0.6, 0.4, 0.2, 0.1] },
  ...{ changes: 12, developers: 8, builds: 6, lookBacks: 3, hasImages: true },
};

const hourSeconds = 3600;
const daySeconds = 24 * hourSeconds;
/** A branch for a release is cut this often, and built every second night from then on. */
const releaseEveryDays = 5;

interface Step {
  readonly at: number;
  readonly run: () => void;
}

/** A trace of so many days of CI, developers and nightly releases. The same workload is always the same trace. */
export function traceOf(workload: Workload): Trace {
  const random = new SeededRandom(workload.seed);
  const writer = new TraceWriter();
  const steps = workload.activity.flatMap((share, number) => {
    const repository = new Repository(random, writer, number, workload.targets);
    const many = (perDay: number): number => Math.ceil(perDay * share);
    const workdays = Array.from({ length: workload.days }, (_, day) => day).filter((day) => day % 7 < 5);
    const duringTheDays = (perDay: number): number[] =>
      workdays.flatMap((day) => Array.from({ length: many(perDay) }, () => duringDay(random, day)));
    return [
      ...duringTheDays(workload.changes).flatMap((at) => change(random, repository, workload, at)),
      ...Array.from({ length: many(workload.developers) }, () => repository.main).flatMap((main) =>
        development(random, repository, main, duringTheDays(workload.builds / share)),
      ),
      ...duringTheDays(workload.lookBacks).map((at) => ({ at, run: () => lookBack(random, repository, at) })),
      ...nights(repository, workload.days),
    ];
  });
  for (const { run } of steps.sort((a, b) => a.at - b.at)) run();
  return writer.trace();
}

/** A branch is pushed, mended, and merged. */
function change(random: SeededRandom, repository: Repository, { hasImages }: Workload, at: number): Step[] {
  let sources: Sources = repository.main;
  const touched: number[] = [];
  const pushes = Array.from({ length: random.between(1, 3) }, (_, i) => at + i * random.fraction() * 2 * hourSeconds);
  const mergedAt = at + (4 + random.fraction() * 4) * hourSeconds;
  return [
    ...pushes.map((pushedAt, i) => ({
      at: pushedAt,
      run: () => {
        if (i === 0) sources = repository.main.slice();
        touched.push(...repository.edit(sources, i === 0 ? 4 : 1));
        repository.build(pushedAt, sources);
      },
    })),
    {
      at: mergedAt,
      run: () => {
        repository.merge(sources, touched);
        repository.build(mergedAt, repository.main, { hasImages });
      },
    },
  ];
}

/** Somebody works on something, begins anew from main now and then, and builds what they need of it. */
function development(random: SeededRandom, repository: Repository, main: Sources, at: readonly number[]): Step[] {
  let sources = main.slice();
  const known = new Set<number>();
  return at.map((builtAt) => ({
    at: builtAt,
    run: () => {
      if (random.chance(0.2)) sources = repository.main.slice();
      repository.edit(sources, 1);
      const top = random.between(repository.targets.length / 2, repository.targets.length - 1);
      repository.build(builtAt, sources, { top, known });
    },
  }));
}

function lookBack(random: SeededRandom, repository: Repository, at: number): void {
  const { history } = repository;
  if (history.length > 0) repository.build(at, random.pick(history));
}

/** Main is built for release, and so are the releases of before. */
function nights(repository: Repository, days: number): Step[] {
  const releases: Sources[] = [];
  return Array.from({ length: days }, (_, day) => {
    const at = day * daySeconds + 2 * hourSeconds;
    const run = (): void => {
      if (day % releaseEveryDays === 1) releases.push(repository.main.slice());
      repository.build(at, repository.main, { isRelease: true, hasImages: true });
      for (const [i, release] of releases.entries()) {
        if ((day + i) % 2 === 1) continue;
        repository.edit(release, 1);
        repository.build(at, release, { isRelease: true, hasImages: true });
      }
    };
    return { at, run };
  });
}

function duringDay(random: SeededRandom, day: number): number {
  return day * daySeconds + (8 + 11 * random.fraction()) * hourSeconds;
}
