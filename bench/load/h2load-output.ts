/** What h2load prints at its end. */
export interface H2loadOutput {
  /** Requests that were answered within the time. */
  readonly answered: number;
  /** Requests that were not answered, or with an HTTP status other than 2xx. gRPC's errors are not among them. */
  readonly failed: number;
  readonly elapsedMs: number;
  /** Response bodies, bytes, those of unanswered requests included. */
  readonly dataBytes: number;
}

export function parseH2loadOutput(text: string): H2loadOutput {
  const [, time = '', unit = ''] = must(/^finished in ([0-9.]+)(us|ms|s|m|h),/m, text);
  const [, done, failed, errored, timeout] = must(
    /^requests: .* ([0-9]+) done, .* ([0-9]+) failed, ([0-9]+) errored, ([0-9]+) timeout$/m,
    text,
  );
  const [, succeeded] = must(/^status codes: ([0-9]+) 2xx/m, text);
  const [, dataBytes] = must(/^traffic: .* \(([0-9]+)\) data$/m, text);
  return {
    answered: Number(succeeded),
    failed: Number(failed) + Number(errored) + Number(timeout) + (Number(done) - Number(succeeded)),
    elapsedMs: Number(time) * (msPer[unit] ?? Number.NaN),
    dataBytes: Number(dataBytes),
  };
}

/** Reads the latencies, ms, from what h2load's --log-file writes: start, HTTP status, microseconds, by tabs. */
export function parseH2loadLog(text: string): Float64Array {
  const lines = text.split('\n').filter((line) => line !== '');
  return Float64Array.from(lines, (line) => Number(line.slice(line.lastIndexOf('\t') + 1)) / 1000);
}

const msPer: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function must(pattern: RegExp, text: string): RegExpExecArray {
  const found = pattern.exec(text);
  if (found === null) throw new Error(`h2load printed no ${pattern.source}:\n${text}`);
  return found;
}
