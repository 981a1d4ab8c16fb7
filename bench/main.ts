import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './at-exit.ts';
import { h2loadPath } from './load/h2load.ts';
import { type Cores, claimCores, describeMachine } from './machine.ts';
import { helpText, type Options, parseOptions } from './options.ts';
import { withRegion } from './report/regions.ts';
import { markdown } from './report/table.ts';
import { gorego, otherPeers, ownCheckout, type Peer } from './server/peer.ts';
import { build } from './suites/build.ts';
import { calls } from './suites/calls.ts';
import { ccache } from './suites/ccache.ts';
import { eviction } from './suites/eviction.ts';
import { memory } from './suites/memory.ts';
import { micro } from './suites/micro.ts';
import { proxy } from './suites/proxy.ts';
import { proxyHits } from './suites/proxy-hits.ts';
import { startUp } from './suites/start-up.ts';
import { store } from './suites/store.ts';
import { messageOf, type Plan, type Suite } from './suites/suite.ts';
import { trees } from './suites/trees.ts';
import { workloadGroups } from './workloads.ts';

const suites: readonly Suite[] = [
  ...workloadGroups.map(calls),
  memory,
  startUp,
  build,
  ccache,
  trees,
  proxy,
  proxyHits,
  store,
  micro,
  eviction,
];

/** Measures what is asked for, and prints the tables; with `--out` it puts them into a page as well. */
async function main(options: Options): Promise<void> {
  if (process.platform !== 'linux') throw new Error('the benchmarks read /proc, which is Linux alone');
  const root = mkdtempSync(join(options.directory ?? tmpdir(), 'gorego-bench-'));
  atExit(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }));
  const cores = claimCores();
  const checkouts = options.gorego.length === 0 ? [{ name: 'gorego', path: ownCheckout }] : options.gorego;
  const peers = [...checkouts.map(({ name, path }) => gorego(name, path)), ...otherPeers()].filter(({ name }) =>
    options.servers.test(name),
  );
  const plan = planOf(options, peers, cores, root);
  const machine = { name: 'machine', title: 'Where', text: where(peers, cores, plan) };
  print(`${machine.text}\n`);
  const regions = [machine];
  for (const suite of suites) {
    try {
      const table = await suite(plan);
      if (table === undefined) continue;
      print(`\n## ${table.title}\n\n${markdown(table)}\n`);
      regions.push({ ...table, text: markdown(table) });
    } catch (reason) {
      // The others can still be measured, and what was is not lost.
      process.stderr.write(`failed: ${messageOf(reason)}\n`);
      process.exitCode = 1;
    }
  }
  if (regions.length === 1 && process.exitCode !== 1) throw new Error(`nothing is called ${options.only}`);
  if (options.out !== undefined) publish(options.out, regions);
}

function planOf(options: Options, peers: readonly Peer[], cores: Cores, root: string): Plan {
  let directories = 0;
  return {
    peers,
    cores,
    ...options.extent,
    withoutH2load: options.withoutH2load,
    wants: (suite, name) => options.only.test(`${suite}/${name}`),
    newDirectory: (name) => mkdtempSync(join(root, `${++directories}-${name}-`)),
    progress: (text) => void process.stderr.write(`${text}\n`),
  };
}

/** The machine and the servers, and what else a reader of the tables must know. */
function where(peers: readonly Peer[], cores: Cores, plan: Plan): string {
  const pins = cores.why ?? `servers on core ${cores.server}, load on core ${cores.load}`;
  const generator =
    h2loadPath === undefined || plan.withoutH2load
      ? 'All load is from this rig’s own client.'
      : 'Calls with the same request are made by h2load, uploads by this rig’s own client.';
  const extent = plan.rounds === 1 ? `${plan.forMs} ms each` : `medians of ${plan.rounds} rounds of ${plan.forMs} ms`;
  return [
    `${new Date().toISOString().slice(0, 10)}: ${describeMachine()}; ${pins}; ${extent}. ${generator}`,
    '',
    ...peers.map(({ name, settings, program }) => `- ${name}: ${program?.version ?? 'not here'}; ${settings}`),
    '',
    '`per cpu-s` is for a second of CPU time of the server. `x` is relative to bazel-remote. `*`: its core was not what',
    'limited the server. `others` is what other programs took of the server’s core.',
  ].join('\n');
}

/** Puts each table into the region of its name. The page says which it wants: those without a region are left out. */
function publish(file: string, regions: readonly { readonly name: string; readonly text: string }[]): void {
  let page = readFileSync(file, 'utf8');
  for (const { name, text } of regions) {
    const next = withRegion(page, name, text);
    if (next === undefined) process.stderr.write(`${file} has no region "${name}"\n`);
    else page = next;
  }
  writeFileSync(file, page);
}

function print(text: string): void {
  process.stdout.write(text);
}

const options = parseOptions(process.argv.slice(2));
if (options === 'help') print(helpText);
else await main(options);
