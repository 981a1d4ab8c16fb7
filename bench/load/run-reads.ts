import { LoadConnection } from '../http2/load-connection.ts';
import type { Request } from '../requests.ts';
import { percentile } from '../statistics.ts';
import { childOf } from './child.ts';

/** Reads to be made once each, so many at once on each connection. */
export interface ReadsJob {
  readonly port: number;
  readonly connections: number;
  readonly inFlight: number;
  readonly reads: readonly Read[];
}

/** A call, and how much of blobs is in its answer. */
export interface Read extends Request {
  readonly sizeBytes: number;
}

export interface ReadsResult {
  /** From the first call's start to the last one's end. */
  readonly elapsedMs: number;
  readonly firstByteP50Ms: number;
  readonly firstByteP99Ms: number;
  /** Why one failed, if any did. */
  readonly problem: string | undefined;
}

/** What Java's gRPC gives a stream. */
const streamWindowBytes = 1024 * 1024;
/** The framing of a blob's messages adds so much at most, and names of small ones. */
const framingShareMax = 0.05;
const framingBytesMax = 100;
/** One after the other, a hundred downloads of 64 MiB at 50 MB/s take 134 s. */
const doneWithinMs = 240_000;

await childOf<ReadsJob, ReadsResult>(async ({ port, connections, inFlight, reads }) => {
  const opening = Array.from({ length: connections }, () => LoadConnection.connect(port, { streamWindowBytes }));
  const lines = await Promise.all(opening);
  return async () => {
    const firstByteMs: number[] = [];
    let problem: string | undefined;
    let next = 0;
    const beginMs = performance.now();
    const patience = setTimeout(() => {
      for (const line of lines) line.close(); // Fails what is under way.
    }, doneWithinMs);
    const one = ({ path, body, sizeBytes }: Read, line: LoadConnection): Promise<void> =>
      new Promise((resolve) => {
        const startMs = performance.now();
        let rest: Uint8Array | undefined = body;
        let length = 0;
        line.call(path, {
          next: () => {
            const piece = rest;
            rest = undefined;
            return piece;
          },
          onData: (bytes) => {
            if (length === 0) firstByteMs.push(performance.now() - startMs);
            length += bytes.length;
          },
          onEnd: (reason) => {
            const isWhole = length > sizeBytes && length < sizeBytes * (1 + framingShareMax) + framingBytesMax;
            problem ??= reason ?? (isWhole ? undefined : `a response of ${length} bytes to a read of ${sizeBytes}`);
            resolve();
          },
        });
      });
    const worker = async (line: LoadConnection): Promise<void> => {
      for (let call = reads[next++]; call !== undefined; call = reads[next++]) await one(call, line);
    };
    await Promise.all(lines.flatMap((line) => Array.from({ length: inFlight }, () => worker(line))));
    clearTimeout(patience);
    const elapsedMs = performance.now() - beginMs;
    for (const line of lines) line.close();
    const [firstByteP50Ms, firstByteP99Ms] = [percentile(firstByteMs, 50), percentile(firstByteMs, 99)];
    return { elapsedMs, firstByteP50Ms, firstByteP99Ms, problem };
  };
});
