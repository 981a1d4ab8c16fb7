import type { Policy } from './policies.ts';
import { closureBytes, type Totals, type Trace, totalsOf } from './trace.ts';

/** What a cache was good for, in shares of what was asked for. */
export interface Outcome {
  readonly hits: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** Asks a cache of so many bytes for everything in the trace. */
export function replay(trace: Trace, policy: Policy, capacityBytes: number, totals: Totals = totalsOf(trace)): Outcome {
  const cache = policy(trace, capacityBytes);
  const found = { hits: 0, bytes: 0, seconds: 0 };
  for (let place = 0; place < trace.asked.length; place++) {
    if (!cache.ask(place)) continue;
    const action = trace.asked[place] as number;
    found.hits++;
    found.bytes += closureBytes(trace, action);
    found.seconds += trace.seconds[action] as number;
  }
  return {
    hits: found.hits / totals.asks,
    bytes: found.bytes / totals.bytes,
    seconds: found.seconds / totals.seconds,
  };
}
