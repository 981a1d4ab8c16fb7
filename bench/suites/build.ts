import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { atExit } from '../at-exit.ts';
import { executable } from '../machine.ts';
import type { Table } from '../report/table.ts';
import { type Timing, timingCells } from '../report/timings.ts';
import type { Peer } from '../server/peer.ts';
import { Rivals } from './rivals.ts';
import type { Plan } from './suite.ts';

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
  const timings = new Map<Peer, Timing[]>();
  await using rivals = new Rivals(`${suite}/all-hits`, plan);
  const program = executable('bazel');
  if (program === undefined) rivals.notes.push('There is no bazel on PATH.');
  else await measure(new Bazel(program, plan.newDirectory('bazel')), rivals, plan, timings);
  const rows = plan.peers.map((peer) => [
    workload,
    peer.name,
    ...timingCells(columns.slice(2), timings.get(peer) ?? []),
  ]);
  return { name: suite, title: 'Builds, all hits', columns, rows, notes: rivals.notes };
}

async function measure(bazel: Bazel, rivals: Rivals, plan: Plan, timings: Map<Peer, Timing[]>): Promise<void> {
  try {
    await rivals.start(plan.peers, async ({ port }) => void (await bazel.cleanBuild(port)));
    for (let round = 1; round <= plan.builds; round++) {
      await rivals.each(`build ${round} of ${plan.builds}`, async (server) => {
        const { result, usage } = await server.during(() => bazel.cleanBuild(server.port));
        if (result.hits < smallOutputs + largeOutputs) throw new Error(`${result.hits} hits only`);
        timings.set(server.peer, [...(timings.get(server.peer) ?? []), { wallMs: result.wallMs, ...usage }]);
      });
    }
    rivals.notes.unshift(`${await bazel.version()}; ${plan.builds} builds of each server, in turn.`);
  } finally {
    bazel.shutdown();
  }
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
