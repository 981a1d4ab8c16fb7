import type { SeededRandom } from '@gorego/simulation';
import type { TraceWriter } from './trace-writer.ts';
import { type Kind, type Project, projectOf, zipf } from './world.ts';

/** Which change touched each target last. */
export type Sources = Uint32Array;

/** What of a project is built, and how. */
export interface How {
  readonly isRelease?: boolean;
  readonly hasImages?: boolean;
  /** One target and what it needs; everything without. */
  readonly top?: number;
  /** What is here already, and need not be asked for. What is asked for is added. */
  readonly known?: Set<number>;
}

/** Of all actions whose inputs changed, how many make what they made before. */
const unchangedShare = 0.25;
/** A new compiler comes this often, and everything is made anew. */
const toolchainEverySeconds = 10 * 86_400;

/** One project over time. */
export class Repository {
  readonly main: Sources;
  /** What main was after each merge. */
  readonly history: Sources[] = [];
  readonly #random: SeededRandom;
  readonly #writer: TraceWriter;
  readonly #project: Project;
  readonly #number: number;
  #changes = 0;

  constructor(random: SeededRandom, writer: TraceWriter, number: number, targets: number) {
    this.#random = random;
    this.#writer = writer;
    this.#number = number;
    this.#project = projectOf(random, targets);
    this.main = new Uint32Array(targets);
  }

  get targets(): Project['targets'] {
    return this.#project.targets;
  }

  /** Touches some targets; returns which. What everything depends on is the rarest to change. */
  edit(sources: Sources, most: number): number[] {
    const touched = Array.from({ length: this.#random.between(1, most) }, () =>
      this.#random.chance(0.15)
        ? zipf(this.#random, sources.length)
        : this.#random.between(Math.floor(sources.length / 4), sources.length - 1),
    );
    for (const target of touched) sources[target] = ++this.#changes;
    return touched;
  }

  merge(from: Sources, touched: readonly number[]): void {
    for (const target of touched) this.main[target] = from[target] as number;
    this.history.push(this.main.slice());
  }

  /** Asks for every action of a build, each after what it needs. */
  build(at: number, sources: Sources, how: How = {}): void {
    const { targets, external } = this.#project;
    const isWanted = this.#isWanted(how);
    const toolchain = Math.floor((at + this.#number * 86_400) / toolchainEverySeconds);
    const salt = mixed(this.#number, how.isRelease === true ? 1 : 0, toolchain);
    const ask = (key: number, seconds: number, blobs: () => { key: number; bytes: number }[]): void => {
      if (how.known?.has(key) === true) return;
      how.known?.add(key);
      this.#writer.ask(at, key, seconds, blobs);
    };
    external.forEach((bytes, i) => {
      // A third belongs to the toolchain; the rest is the same for everybody.
      const key = i % 3 === 0 ? mixed(this.#number, toolchain, i) : mixed(i, Math.ceil(bytes));
      ask(key, 1 + bytes / 20e6, () => [{ key, bytes }]);
    });
    const outputs = new Float64Array(targets.length);
    targets.forEach(({ kind, deps, bytes, seconds, blobs }, i) => {
      const key = mixed(salt, i, sources[i] as number, ...deps.map((dep) => outputs[dep] as number));
      const output = (key % 1000) / 1000 < unchangedShare ? mixed(salt, i) : key;
      outputs[i] = output;
      if (!isWanted(i, kind)) return;
      ask(key, seconds, () =>
        Array.from({ length: blobs }, (_, n) => ({ key: mixed(output, n), bytes: bytes / blobs })),
      );
    });
  }

  #isWanted({ top, hasImages }: How): (target: number, kind: Kind) => boolean {
    if (top === undefined) return (_, kind) => kind !== 'image' || hasImages === true;
    const needed = new Set<number>();
    const open = [top];
    for (let target = open.pop(); target !== undefined; target = open.pop()) {
      if (needed.has(target)) continue;
      needed.add(target);
      open.push(...(this.targets[target]?.deps ?? []));
    }
    return (target) => needed.has(target);
  }
}

/** Whole numbers below 2^53, that look like chance and aren't. */
function mixed(...parts: readonly number[]): number {
  let [high, low] = [0x9e3779b1, 0x85ebca6b];
  for (const part of parts) {
    low = Math.imul(low ^ (part >>> 0), 0x9e3779b1) ^ (low >>> 15);
    high = Math.imul(high ^ Math.floor(part / 2 ** 32) ^ (part >>> 0), 0xc2b2ae35) ^ (high >>> 13) ^ low;
  }
  return ((high & 0x1fffff) >>> 0) * 2 ** 32 + (low >>> 0);
}
