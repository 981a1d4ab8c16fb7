/** What builds asked of a cache: actions one after the other, and what each made. Blobs and actions are numbers from 0. */
export interface Trace {
  /** The action that is asked for. */
  readonly asked: Uint32Array;
  /** When, seconds from the beginning. */
  readonly at: Float64Array;
  /** What it takes to execute each action, seconds. */
  readonly seconds: Float64Array;
  /** The blobs of each action's result. */
  readonly blobsOf: readonly Uint32Array[];
  readonly bytesOf: Float64Array;
}

/** What a result itself takes, beside its blobs. */
export const resultBytes = 1000;

export interface Totals {
  readonly asks: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** A result with its blobs, each counted once however many share it. */
export function closureBytes({ blobsOf, bytesOf }: Trace, action: number): number {
  let bytes = resultBytes;
  for (const blob of blobsOf[action] as Uint32Array) bytes += bytesOf[blob] as number;
  return bytes;
}

/** Everything there ever was, bytes. */
export function workingSetBytes({ bytesOf, blobsOf }: Trace): number {
  return bytesOf.reduce((sum, bytes) => sum + bytes, blobsOf.length * resultBytes);
}

/** All that was asked for. */
export function totalsOf(trace: Trace): Totals {
  let bytes = 0;
  let seconds = 0;
  for (const action of trace.asked) {
    bytes += closureBytes(trace, action);
    seconds += trace.seconds[action] as number;
  }
  return { asks: trace.asked.length, bytes, seconds };
}

/** For each ask, the next one for the same action, by its place in the trace; Infinity if there is none. */
export function nextAsks({ asked, blobsOf }: Trace): Float64Array {
  const next = new Float64Array(asked.length);
  const last = new Float64Array(blobsOf.length).fill(Number.POSITIVE_INFINITY);
  for (let i = asked.length - 1; i >= 0; i--) {
    const action = asked[i] as number;
    next[i] = last[action] as number;
    last[action] = i;
  }
  return next;
}
