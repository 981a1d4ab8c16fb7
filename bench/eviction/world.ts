import type { SeededRandom } from '@gorego/simulation';

/** Kinds of targets, how many of a hundred are of each, and what they cost: medians of log-normal distributions. */
const kinds = {
  library: { share: 58, bytes: 60e3, spread: 1.3, seconds: 4, blobs: 2, deps: 3 },
  test: { share: 26, bytes: 8e3, spread: 1.2, seconds: 12, blobs: 2, deps: 4 },
  binary: { share: 9, bytes: 12e6, spread: 0.9, seconds: 6, blobs: 1, deps: 10 },
  codegen: { share: 4, bytes: 200e3, spread: 1, seconds: 2, blobs: 30, deps: 1 },
  image: { share: 3, bytes: 120e6, spread: 0.6, seconds: 8, blobs: 3, deps: 4 },
} as const;

export type Kind = keyof typeof kinds;

export interface Target {
  readonly kind: Kind;
  readonly deps: readonly number[];
  /** Of all its blobs together. */
  readonly bytes: number;
  readonly seconds: number;
  readonly blobs: number;
}

/** One repository: its targets, each after what it depends on, and what it fetches from elsewhere. */
export interface Project {
  readonly targets: readonly Target[];
  /** Toolchains and other people's sources, bytes. */
  readonly external: readonly number[];
}

export function projectOf(random: SeededRandom, size: number): Project {
  const targets: Target[] = [];
  for (let i = 0; i < size; i++) targets.push(targetOf(random, targets));
  return { targets, external: Array.from({ length: 20 }, () => logNormal(random, 8e6, 1.3)) };
}

/** Low numbers are more likely than high ones. */
export function zipf(random: SeededRandom, count: number): number {
  return Math.min(count - 1, Math.floor(count ** random.fraction()) - 1);
}

export function logNormal(random: SeededRandom, median: number, spread: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.fraction())) * Math.cos(2 * Math.PI * random.fraction());
  return median * Math.exp(spread * normal);
}

function targetOf(random: SeededRandom, before: readonly Target[]): Target {
  const kind = before.length < 10 ? 'library' : kindOf(random.fraction() * 100);
  const { bytes, spread, seconds, blobs, deps } = kinds[kind];
  const wanted: Kind = kind === 'image' ? 'binary' : 'library';
  const candidates = before.flatMap((target, i) => (target.kind === wanted ? [i] : []));
  const chosen = new Set<number>();
  for (let i = 0; i < deps && candidates.length > 0; i++) {
    // Half of what is used is used by everybody, the rest is near.
    const from = random.chance(0.5)
      ? zipf(random, candidates.length)
      : candidates.length - 1 - zipf(random, candidates.length);
    chosen.add(candidates[from] as number);
  }
  return {
    ...{ kind, deps: [...chosen], blobs },
    bytes: Math.ceil(logNormal(random, bytes, spread)),
    seconds: logNormal(random, seconds, 1.1),
  };
}

function kindOf(percent: number): Kind {
  let sum = 0;
  for (const [kind, { share }] of Object.entries(kinds)) {
    sum += share;
    if (percent < sum) return kind as Kind;
  }
  return 'library';
}
