import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { executable } from '../machine.ts';
import type { Table } from '../report/table.ts';
import { type Timing, timingCells } from '../report/timings.ts';
import { type Peer, redis } from '../server/peer.ts';
import type { RunningServer } from '../server/running-server.ts';
import { Rivals } from './rivals.ts';
import type { Plan } from './suite.ts';

const suite = 'ccache';
const files = 500;
/** One after the other, where each waits for the server; and as `make -j4` does. */
const jobsAtOnce = [1, 4];
const commandWithinMs = 600_000;

/** The wall time of compiling by ccache what it finds on a server, its own cache being empty; round after round in turn. */
export async function ccache(plan: Plan): Promise<Table | undefined> {
  if (!plan.wants(suite, 'all-hits')) return undefined;
  const peers = [...plan.peers, redis()];
  const timings = new Map<string, Timing[]>();
  await using rivals = new Rivals(`${suite}/all-hits`, plan);
  const program = executable('ccache');
  if (program === undefined) rivals.notes.push('There is no ccache on PATH.');
  else await measure(new Compiles(program, plan.newDirectory('ccache')), rivals, peers, plan, timings);
  const columns = ['files', 'server', 'wall ms', 'from', 'to', 'server cpu ms', 'others'];
  const rows = jobsAtOnce.flatMap((jobs) =>
    peers.map((peer) => [
      `${files}, ${jobs} at once`,
      peer.name,
      ...timingCells(columns.slice(2), timings.get(keyOf(peer, jobs)) ?? []),
    ]),
  );
  return { name: suite, title: 'ccache, all hits', columns, rows, notes: rivals.notes };
}

async function measure(
  compiles: Compiles,
  rivals: Rivals,
  peers: readonly Peer[],
  { builds }: Plan,
  timings: Map<string, Timing[]>,
): Promise<void> {
  await rivals.start(peers, async (server) => void (await compiles.run(server, Math.max(...jobsAtOnce))));
  for (let round = 1; round <= builds; round++) {
    for (const jobs of jobsAtOnce) {
      await rivals.each(`${jobs} at once, round ${round} of ${builds}`, async (server) => {
        const { result, usage } = await server.during(() => compiles.run(server, jobs));
        if (result.hits < files) throw new Error(`${result.hits} hits only`);
        const key = keyOf(server.peer, jobs);
        timings.set(key, [...(timings.get(key) ?? []), { wallMs: result.wallMs, ...usage }]);
      });
    }
  }
}

function keyOf({ name }: Peer, jobs: number): string {
  return `${name} ${jobs}`;
}

/** Files in C, and a ccache that keeps nothing of its own. */
class Compiles {
  readonly #program: string;
  readonly #sources: string;
  readonly #own: string;

  constructor(program: string, directory: string) {
    this.#program = program;
    this.#sources = join(directory, 'sources');
    this.#own = join(directory, 'own');
    mkdirSync(this.#sources);
    for (let i = 0; i < files; i++) {
      writeFileSync(join(this.#sources, `f${i}.c`), `int f${i}(int x) { return x + ${i}; }\n`);
    }
  }

  /** Compiles them all, and tells how many the server had. */
  async run({ peer, port, otherPort }: RunningServer, jobs: number): Promise<{ wallMs: number; hits: number }> {
    rmSync(this.#own, { recursive: true, force: true });
    const storage = peer.program?.ccacheStorage({ port, otherPort }) ?? '';
    const env = { ...process.env, CCACHE_DIR: this.#own, CCACHE_REMOTE_STORAGE: storage };
    const options = { cwd: this.#sources, env, timeout: commandWithinMs };
    const script = `printf '%s\\n' *.c | xargs -P ${jobs} -n 1 ${this.#program} cc -c`;
    const beginMs = performance.now();
    await promisify(execFile)('sh', ['-c', script], options);
    const wallMs = performance.now() - beginMs;
    const { stdout } = await promisify(execFile)(this.#program, ['--print-stats'], options);
    return { wallMs, hits: Number(/^remote_storage_hit\s+([0-9]+)$/m.exec(stdout)?.[1] ?? 0) };
  }
}
