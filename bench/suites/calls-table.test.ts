import { expect, test } from '@jest/globals';
import type { LoadResult } from '../load/closed-loop.ts';
import type { Peer } from '../server/peer.ts';
import type { Workload } from '../workloads.ts';
import { callsTable, type Sample } from './calls-table.ts';

const group = { name: 'reads', title: 'Reads' };
const peer = (name: string): Peer => ({ name, settings: '', program: undefined });
const ours = peer('ours');
const theirs = peer('theirs');
const small = { name: 'Small', connections: 4, inFlight: 1 } as Workload;
const large = { name: 'Large', connections: 4, inFlight: 1, contentBytes: 2 ** 19 } as Workload;

/** A second in which so many calls were made. */
function second(calls: number, serverCpuMs: number, othersShare = 0): Sample {
  const load: LoadResult = {
    ...{ calls, failed: 0, problem: undefined, elapsedMs: 1000, cpuMs: 100 },
    ...{ p50Ms: 1, p99Ms: 2 },
  };
  return {
    load,
    usage: { cpuMs: serverCpuMs, peakBytes: 2 ** 20, othersShare, loadCoreShare: 0.15 },
    problem: undefined,
  };
}

test('a row has the medians of its rounds, and their ratios to the yardstick', () => {
  const rows = [
    { workload: small, peer: ours, samples: [second(300, 500), second(100, 500), second(200, 500)] },
    { workload: small, peer: theirs, samples: [second(100, 1000)] },
    { workload: large, peer: ours, samples: [second(100, 1000)] },
  ];
  const cells = callsTable(group, rows, [], 'theirs').rows.map((row) => row.slice(0, 7).concat(row.slice(9)));
  expect(cells).toEqual([
    ['Small', 'ours', '200 req/s*', '100%', '2.00', '400', '4.00', '50%', '10%', '0%', '1.00'],
    ['Small', 'theirs', '100 req/s', '0%', '1.00', '100', '1.00', '100%', '10%', '0%', '1.00'],
    ['Large', 'ours', '50.0 MiB/s', '0%', '-', '50.0', '-', '100%', '10%', '0%', '1.00'],
  ]);
});

test('a round with a problem counts for nothing but its note, and a row without any other is n/a', () => {
  const failed = { ...second(1000, 1000), problem: '3 of 1003 calls failed' };
  const rows = [
    { workload: small, peer: ours, samples: [second(200, 1000), failed] },
    { workload: small, peer: theirs, samples: [failed] },
  ];
  const table = callsTable(group, rows, ['Someone is not on PATH.'], 'theirs');
  expect(table.rows.map(([, , rate]) => rate)).toEqual(['200 req/s', 'n/a']);
  expect(table.notes.slice(1)).toEqual([
    'Small failed on ours: 3 of 1003 calls failed',
    'Small failed on theirs: 3 of 1003 calls failed',
    'Someone is not on PATH.',
  ]);
});

test('what others took of the cores is told', () => {
  const samples = [second(1, 1, 0.1), second(1, 1, 0.02), second(1, 1, 0.3)];
  const [note] = callsTable(group, [{ workload: small, peer: ours, samples }], [], 'theirs').notes;
  expect(note).toBe(
    "Other programs took 10% (in nine of ten measurements 30% at most, at worst 30%) of the server's core, and " +
      "5% (in nine of ten measurements 5% at most, at worst 5%) of the load's; medians.",
  );
});
