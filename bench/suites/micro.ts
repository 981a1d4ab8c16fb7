import { LoadProcess } from '../load/load-process.ts';
import type { MicroResult } from '../micro/harness.ts';
import { shown, type Table } from '../report/table.ts';
import type { Plan } from './suite.ts';

const suite = 'micro';

/** The files of bench/micro that measure, each in a process of its own. */
const files = ['chunking', 'digest'];

/** Functions alone, without a server around them. */
export async function micro(plan: Plan): Promise<Table | undefined> {
  const rows: string[][] = [];
  for (const file of files.filter((name) => plan.wants(suite, name))) {
    plan.progress(`${suite}/${file}`);
    const bench = await LoadProcess.start<MicroResult[]>(`../micro/${file}.ts`, {});
    for (const { name, medianNs, minNs } of await bench.go()) {
      rows.push([name, shown(1e9 / medianNs), shown(medianNs), shown(minNs)]);
    }
  }
  if (rows.length === 0) return undefined;
  return { name: suite, title: 'Functions', columns: ['function', 'per s', 'median ns', 'best ns'], rows, notes: [] };
}
