import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { atExit } from '../at-exit.ts';
import { executable } from '../machine.ts';
import { mebibytes, percents, shown, type Table } from '../report/table.ts';
import type { Peer } from '../server/peer.ts';
import { RunningServer, type ServerUsage } from '../server/running-server.ts';
import { median } from '../statistics.ts';
import { messageOf, type Plan } from './suite.ts';

const suite = 'build';
const smallOutputs = 300;
const largeOutputs = 10;
/** Bazel waits for a cache that is gone much longer than we do. */
const commandWithinMs = 300_000;
const shutdownWithinMs = 30_000;

const buildFlags = [
  ...['--remote_upload_local_results', '--spawn_strategy=local', '--genrule_strategy=local', '--nosandbox_debug'],
  ...['--color=no', '--curses=no', '--noshow_progress'],
];

/** About 8 MiB of numbers. */
const largeLines = 1_200_000;

/** The wall time of a build by a real Bazel that finds everything in the cache. */
export async function build(plan: Plan): Promise<Table | undefined> {
  if (!plan.wants(suite, 'all-hits')) return undefined;
  const workload = `${smallOutputs} small outputs, ${largeOutputs} of 8 MiB`;
  const columns = ['build', 'server', 'wall ms', 'from', 'to', 'server cpu ms', 'peak RSS MiB', 'others'];
  const table = (rows: string[][], notes: string[]): Table => ({
    name: suite,
    title: 'Builds, all hits',
    columns,
    rows,
    notes,
  });
  const missing = (peer: Peer): string[] => [workload, peer.name, ...columns.slice(2).map(() => 'n/a')];

  const program = executable('bazel');
  if (program === undefined) return table(plan.peers.map(missing), ['There is no bazel on PATH.']);
  const notes: string[] = [];
  const bazel = new Bazel(program, plan.newDirectory('bazel'));
  try {
    const results = await buildsOn(bazel, plan, notes);
    notes.unshift(`${await bazel.version()}; ${plan.builds} builds of each server, in turn.`);
    return table(
      plan.peers.map((peer) => {
        const samples = results.get(peer) ?? [];
        if (samples.length === 0) return missing(peer);
        const wall = samples.map(({ wallMs }) => wallMs);
        const cpuMs = median(samples.map((sample) => sample.cpuMs));
        const peak = Math.max(...samples.map(({ peakBytes }) => peakBytes));
        const numbers = [median(wall), Math.min(...wall), Math.max(...wall), cpuMs].map(shown);
        const others = median(samples.map(({ othersShare }) => othersShare ?? Number.NaN));
        return [workload, peer.name, ...numbers, mebibytes(peak), percents(others)];
      }),
      notes,
    );
  } finally {
    bazel.shutdown();
  }
}

interface Sample extends ServerUsage {
  readonly wallMs: number;
}

async function buildsOn(bazel: Bazel, plan: Plan, notes: string[]): Promise<Map<Peer, Sample[]>> {
  await using running = new AsyncDisposableStack();
  const servers: RunningServer[] = [];
  const results = new Map<Peer, Sample[]>();
  const attempt = async (peer: Peer, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (reason) {
      notes.push(`${peer.name}: ${messageOf(reason).split('\n').join(' ')}`);
    }
  };
  for (const peer of plan.peers) {
    await attempt(peer, async () => {
      plan.progress(`${suite}/all-hits, ${peer.name}, filling it`);
      const server = running.use(await RunningServer.start(peer, plan.newDirectory(peer.name), plan.cores));
      await bazel.cleanBuild(server.port);
      servers.push(server);
    });
  }
  for (let round = 1; round <= plan.builds; round++) {
    for (const server of servers) {
      const { peer } = server;
      await attempt(peer, async () => {
        plan.progress(`${suite}/all-hits, ${peer.name}, build ${round} of ${plan.builds}`);
        const { result, usage } = await server.during(() => bazel.cleanBuild(server.port));
        if (result.hits < smallOutputs + largeOutputs) throw new Error(`${result.hits} hits only`);
        results.set(peer, [...(results.get(peer) ?? []), { wallMs: result.wallMs, ...usage }]);
      });
    }
  }
  return results;
}

/** A Bazel with a workspace to build and a place of its own. */
class Bazel {
  readonly #program: string;
  readonly #workspace: string;
  readonly #base: string;
  readonly #startUp: readonly string[];
  readonly #forget: () => void;

  constructor(program: string, directory: string) {
    this.#program = program;
    this.#workspace = join(directory, 'workspace');
    this.#base = join(directory, 'base');
    this.#startUp = [
      // The system's own file stays: Debian's Bazel finds the rest of itself by it.
      ...['--nohome_rc', '--noworkspace_rc'],
      `--output_user_root=${join(directory, 'output')}`,
      `--output_base=${this.#base}`,
    ];
    mkdirSync(this.#workspace);
    writeFileSync(join(this.#workspace, 'WORKSPACE'), '');
    writeFileSync(join(this.#workspace, 'BUILD'), buildFile());
    this.#forget = atExit(() => this.#kill());
  }

  async version(): Promise<string> {
    const { stdout } = await this.#run(['info', 'release']);
    return `Bazel, ${stdout.trim()}`;
  }

  /** Builds everything from nothing but what the cache on `port` holds. */
  async cleanBuild(port: number): Promise<{ wallMs: number; hits: number }> {
    await this.#run(['clean']);
    const beginMs = performance.now();
    const { stderr } = await this.#run(['build', '//:all', `--remote_cache=grpc://127.0.0.1:${port}`, ...buildFlags]);
    const wallMs = performance.now() - beginMs;
    return { wallMs, hits: Number(/([0-9]+) remote cache hit/.exec(stderr)?.[1] ?? 0) };
  }

  shutdown(): void {
    const options = { cwd: this.#workspace, stdio: 'ignore', timeout: shutdownWithinMs } as const;
    const { status } = spawnSync(this.#program, [...this.#startUp, 'shutdown'], options);
    if (status !== 0) this.#kill();
    this.#forget();
  }

  /** Ends Bazel's server, and what it was doing for a build that is under way: a shutdown would wait for that. */
  #kill(): void {
    try {
      process.kill(Number(readFileSync(join(this.#base, 'server/server.pid.txt'), 'utf8')), 'SIGKILL');
    } catch {
      // There is none.
    }
  }

  async #run(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
    return await promisify(execFile)(this.#program, [...this.#startUp, ...args], {
      cwd: this.#workspace,
      maxBuffer: 64 * 2 ** 20,
      timeout: commandWithinMs,
    });
  }
}

/** Rules whose outputs differ, and that depend on nothing: what Bazel does for them is ask, download and write. */
function buildFile(): string {
  const small = Array.from({ length: smallOutputs }, (_, i) => rule(`small_${i}`, `seq 1 ${100 + i} > $@`));
  const large = Array.from({ length: largeOutputs }, (_, i) => rule(`large_${i}`, `seq ${i} ${largeLines} > $@`));
  return [...small, ...large].join('\n');
}

function rule(name: string, command: string): string {
  return `genrule(name = "${name}", outs = ["${name}.out"], cmd = "${command}")`;
}
