import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { executable } from '../machine.ts';
import { processTimes } from '../server/proc.ts';
import { percentile } from '../statistics.ts';
import type { LoadResult } from './closed-loop.ts';
import { parseH2loadLog, parseH2loadOutput } from './h2load-output.ts';
import type { LoadJob, SameCall } from './load-job.ts';

export const h2loadPath: string | undefined = executable('h2load');

/** h2load drops the calls under way at the end of a time; with fewer than this behind each of them that would show. */
const callsPerPlaceMin = 20;
/** What a slow server is asked, for each call that is in flight at once. */
const callsPerPlace = 4;
const endsWithinMs = 300_000;

/**
 * Gets warm, and returns what makes the same call again and again by nghttp2's h2load, which no server here outruns. It
 * sees HTTP's statuses only, and gRPC's errors go by 200: the response bodies must have the length that they ought to.
 */
export async function h2load(job: H2loadJob, program: string, scratch: string): Promise<() => Promise<LoadResult>> {
  if (job.warmUpMs === 0) return () => run(job, ['--duration', `${job.forMs}ms`], program, scratch);
  const warm = await run(job, ['--duration', `${job.warmUpMs}ms`], program, scratch);
  const places = job.connections * job.inFlight;
  const expected = Math.round((warm.calls / warm.elapsedMs) * job.forMs);
  const extent =
    expected >= callsPerPlaceMin * places
      ? ['--duration', `${job.forMs}ms`]
      : ['--requests', `${Math.max(expected, callsPerPlace * places)}`];
  return () => run(job, extent, program, scratch);
}

export interface H2loadJob extends LoadJob {
  readonly calls: SameCall;
}

async function run(
  { port, connections, inFlight, calls }: H2loadJob,
  extent: readonly string[],
  program: string,
  scratch: string,
): Promise<LoadResult> {
  const bodyFile = join(scratch, 'body');
  const logFile = join(scratch, 'h2load.log');
  writeFileSync(bodyFile, calls.body);
  rmSync(logFile, { force: true });
  const args = [
    ...['--clients', `${connections}`, '--max-concurrent-streams', `${inFlight}`, ...extent],
    ...['--window-bits', '30', '--connection-window-bits', '30'],
    ...['--header', 'content-type: application/grpc', '--header', 'te: trailers'],
    ...['--data', bodyFile, '--log-file', logFile, `http://127.0.0.1:${port}${calls.path}`],
  ];
  const cpuBefore = processTimes(process.pid).childrenMs;
  const { stdout } = await promisify(execFile)(program, args, { timeout: endsWithinMs });
  const cpuMs = processTimes(process.pid).childrenMs - cpuBefore;
  const { answered, failed, elapsedMs, dataBytes } = parseH2loadOutput(stdout);
  const latencies = parseH2loadLog(readFileSync(logFile, 'latin1'));
  const expected = answered * calls.responseBytes;
  const tolerated = connections * inFlight * calls.responseBytes; // Parts of those under way at the end.
  const isOther = answered === 0 || Math.abs(dataBytes - expected) > tolerated;
  return {
    calls: answered,
    failed,
    problem: isOther ? `${answered} answers had ${dataBytes} bytes, not ${expected}` : undefined,
    elapsedMs,
    cpuMs,
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
  };
}
