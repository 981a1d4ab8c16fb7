import { readFileSync, writeFileSync } from 'node:fs';

/** What one process has used since it began. */
export interface ProcessTimes {
  /** CPU time of all its threads, ms, to the next 10. */
  readonly ms: number;
  /** CPU time of its children that have ended, ms. */
  readonly childrenMs: number;
}

/** What one core has done since boot: for programs, and for a hypervisor that took it away. */
export interface CoreTimes {
  readonly programsMs: number;
  readonly stolenMs: number;
}

/** Ticks of /proc are hundredths of a second on every Linux that Node runs on. */
const msPerTick = 10;

/** Reads the CPU times in /proc/PID/stat. The program's name may hold anything, so fields count from its last `)`. */
export function parseProcessTimes(stat: string): ProcessTimes {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = (field: number): number => number(fields[field - 3], `field ${field} of ${stat}`);
  return { ms: (ticks(14) + ticks(15)) * msPerTick, childrenMs: (ticks(16) + ticks(17)) * msPerTick };
}

/**
 * Reads one core's times in /proc/stat. Interrupts don't count: those of loopback traffic are the load's own, and no
 * program's.
 */
export function parseCoreTimes(stat: string, core: number): CoreTimes {
  const line = stat.split('\n').find((candidate) => candidate.startsWith(`cpu${core} `));
  if (line === undefined) throw new Error(`/proc/stat knows no core ${core}`);
  const fields = line.split(/ +/);
  const ticks = (field: number): number => number(fields[field], `field ${field} of ${line}`);
  return { programsMs: (ticks(1) + ticks(2) + ticks(3)) * msPerTick, stolenMs: ticks(8) * msPerTick };
}

/** Reads a size in /proc/PID/status, such as VmHWM, the most memory ever resident; bytes. */
export function parseStatusBytes(status: string, name: string): number {
  const kib = new RegExp(`^${name}:\\s+([0-9]+) kB$`, 'm').exec(status)?.[1];
  return number(kib, `${name} in ${status}`) * 1024;
}

export function processTimes(pid: number): ProcessTimes {
  return parseProcessTimes(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

export function coreTimes(core: number): CoreTimes {
  return parseCoreTimes(readFileSync('/proc/stat', 'latin1'), core);
}

export function peakBytes(pid: number): number {
  return parseStatusBytes(readFileSync(`/proc/${pid}/status`, 'latin1'), 'VmHWM');
}

/** Makes what is resident now the peak from which `peakBytes` counts on. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function number(text: string | undefined, what: string): number {
  const value = Number(text);
  if (text === undefined || text === '' || !Number.isFinite(value)) throw new Error(`no number: ${what}`);
  return value;
}
