import { childOf } from '../load/child.ts';
import { median } from '../statistics.ts';

/** One thing to do many times. */
export interface MicroBench {
  readonly name: string;
  /** Does it `times` times in a loop of its own, and returns something that depends on all of it. */
  run(times: number): unknown;
}

/** Nanoseconds for each time. */
export interface MicroResult {
  readonly name: string;
  readonly medianNs: number;
  readonly minNs: number;
}

const samples = 15;
const sampleMs = 20;
/** Long enough for V8 to have compiled what is hot. */
const warmUpMs = 200;

/** Runs benches one after the other in this process, which is theirs alone, and sends what they took to its parent. */
export async function runMicro(benches: readonly MicroBench[]): Promise<void> {
  await childOf<object, MicroResult[]>(async () => async () => benches.map(measured));
}

/** The last results: as long as they are kept, no loop is dead code. */
let kept: unknown;

function measured({ name, run }: MicroBench): MicroResult {
  let times = 1;
  for (const endMs = performance.now() + warmUpMs; performance.now() < endMs; ) {
    const beganMs = performance.now();
    kept = run(times);
    if (performance.now() - beganMs < sampleMs / 4) times *= 2;
  }
  const beganMs = performance.now();
  kept = run(times);
  const perSample = Math.max(1, Math.round((times * sampleMs) / (performance.now() - beganMs)));
  const ns = Array.from({ length: samples }, () => {
    const startMs = performance.now();
    kept = run(perSample);
    return ((performance.now() - startMs) * 1e6) / perSample;
  });
  void kept;
  return { name, medianNs: median(ns), minNs: Math.min(...ns) };
}
