import type { LoadConnection } from '../http2/load-connection.ts';
import { percentile } from '../statistics.ts';

/** A call to make now. */
export interface PreparedCall {
  readonly path: string;
  readonly body: Uint8Array;
  /** What is wrong with the response body, if anything is. `bytes` are there if it is small, else its length alone. */
  check(length: number, bytes: Buffer | undefined): string | undefined;
}

export interface Loop {
  readonly connections: readonly LoadConnection[];
  /** On each connection. */
  readonly inFlight: number;
  readonly forMs: number;
  /** Undefined when there is nothing left to call. */
  readonly next: () => PreparedCall | undefined;
}

/** What a load generator has done. */
export interface LoadResult {
  readonly calls: number;
  readonly failed: number;
  /** Why the first one failed. */
  readonly problem: string | undefined;
  /** From the first call's start to the last one's end. */
  readonly elapsedMs: number;
  /** CPU time of the generator. */
  readonly cpuMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Responses above it are counted only. */
const keptBytesMax = 64 * 1024;

/** How long calls under way at the end are waited for. */
const answeredWithinMs = 60_000;

/**
 * Keeps a fixed number of calls in flight for a time: each that ends makes place for the next. Calls under way at the
 * end are waited for and count, so that all work done for the load is in the rate.
 */
export async function closedLoop({ connections, inFlight, forMs, next }: Loop): Promise<LoadResult> {
  const latencies: number[] = [];
  let failed = 0;
  let problem: string | undefined;
  const cpuBefore = process.cpuUsage();
  const beginMs = performance.now();

  const worker = (connection: LoadConnection): Promise<void> =>
    new Promise((resolve) => {
      const again = (): void => {
        const startMs = performance.now();
        const prepared = startMs - beginMs < forMs ? next() : undefined;
        if (prepared === undefined) {
          resolve();
          return;
        }
        let body: Uint8Array | undefined = prepared.body;
        let length = 0;
        let kept: Buffer[] | undefined = [];
        connection.call(prepared.path, {
          next: () => {
            const piece = body;
            body = undefined;
            return piece;
          },
          onData: (bytes) => {
            length += bytes.length;
            if (length > keptBytesMax) kept = undefined;
            kept?.push(Buffer.from(bytes));
          },
          onEnd: (reason) => {
            const wrong = reason ?? prepared.check(length, kept && Buffer.concat(kept));
            if (wrong === undefined) latencies.push(performance.now() - startMs);
            else {
              failed++;
              problem ??= wrong;
            }
            // A connection that is gone fails every call at once: no loop may hang on that.
            if (reason === undefined) again();
            else resolve();
          },
        });
      };
      again();
    });

  const patience = setTimeout(() => {
    for (const connection of connections) connection.close(); // Fails what is still under way.
  }, forMs + answeredWithinMs);
  await Promise.all(connections.flatMap((connection) => Array.from({ length: inFlight }, () => worker(connection))));
  clearTimeout(patience);
  const elapsedMs = performance.now() - beginMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    calls: latencies.length,
    failed,
    problem,
    elapsedMs,
    cpuMs: (user + system) / 1000,
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
  };
}
