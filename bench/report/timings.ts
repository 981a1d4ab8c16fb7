import type { ServerUsage } from '../server/running-server.ts';
import { median } from '../statistics.ts';
import { mebibytes, percents, shown } from './table.ts';

/** How long something took once, and what it cost the server. */
export interface Timing extends ServerUsage {
  readonly wallMs: number;
}

/** What such columns say of several: `wall ms`, `from`, `to`, `server cpu ms`, `peak RSS MiB`, `others`. */
export function timingCells(columns: readonly string[], timings: readonly Timing[]): string[] {
  if (timings.length === 0) return columns.map(() => 'n/a');
  const wall = timings.map(({ wallMs }) => wallMs);
  const cells = new Map([
    ['wall ms', shown(median(wall))],
    ['from', shown(Math.min(...wall))],
    ['to', shown(Math.max(...wall))],
    ['server cpu ms', shown(median(timings.map(({ cpuMs }) => cpuMs)))],
    ['peak RSS MiB', mebibytes(Math.max(...timings.map(({ peakBytes }) => peakBytes)))],
    ['others', percents(median(timings.map(({ othersShare }) => othersShare ?? Number.NaN)))],
  ]);
  return columns.map((column) => cells.get(column) ?? 'n/a');
}
