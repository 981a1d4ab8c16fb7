import { LoadProcess } from '../load/load-process.ts';
import { shown, type Table } from '../report/table.ts';
import type { StoreJob, StoreRate } from '../store/store-load.ts';
import type { Plan } from './suite.ts';

const suite = 'store';

const jobs: readonly (Omit<StoreJob, 'directory'> & { readonly name: string })[] = [
  { name: '4KiB', blobBytes: 4096, count: 60_000, atOnce: 64, durability: 'process', maxBytes: 2 ** 40 },
  { name: '64KiB', blobBytes: 65_536, count: 6000, atOnce: 64, durability: 'process', maxBytes: 2 ** 40 },
  { name: '1MiB', blobBytes: 2 ** 20, count: 500, atOnce: 8, durability: 'process', maxBytes: 2 ** 40 },
  { name: '4KiB-power', blobBytes: 4096, count: 20_000, atOnce: 64, durability: 'power', maxBytes: 2 ** 40 },
  {
    name: '4KiB-evicting',
    blobBytes: 4096,
    count: 100_000,
    atOnce: 64,
    durability: 'process',
    maxBytes: 128 * 2 ** 20,
  },
  { name: '1MiB-evicting', blobBytes: 2 ** 20, count: 1500, atOnce: 8, durability: 'process', maxBytes: 256 * 2 ** 20 },
];

/** The LocalStore alone, without a server around it: blobs in, hashed and committed, and out again. */
export async function store(plan: Plan): Promise<Table | undefined> {
  const rows: string[][] = [];
  for (const { name, ...job } of jobs.filter(({ name }) => plan.wants(suite, name))) {
    plan.progress(`${suite}/${name}`);
    const share = Math.min(1, plan.forMs / 3000);
    const count = Math.max(100, Math.round(job.count * share));
    const load = await LoadProcess.start<StoreRate[]>('../store/store-load.ts', {
      ...{ ...job, count, directory: plan.newDirectory(suite) },
    });
    for (const { doing, perSecond, perCpuSecond, p99Ms, overBytes } of await load.go()) {
      const over = overBytes === undefined ? '' : shown(Math.max(0, overBytes) / 2 ** 20);
      rows.push([name, doing, shown(perSecond), shown(perCpuSecond), shown(p99Ms), over]);
    }
  }
  if (rows.length === 0) return undefined;
  return {
    ...{ name: suite, title: 'The store alone', rows },
    columns: ['workload', 'doing', 'blobs/s', 'per cpu-s', 'p99 ms', 'MiB over max_size'],
    notes: [
      '`put` is of bytes that have not been hashed; `get` of blobs that have been put just before. A quarter as many before them are not measured.',
    ],
  };
}
