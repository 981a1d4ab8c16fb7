import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { executable } from '../machine.ts';
import { percents, shown, type Table } from '../report/table.ts';
import { type Peer, redis } from '../server/peer.ts';
import { RunningServer, type ServerUsage } from '../server/running-server.ts';
import { median } from '../statistics.ts';
import { messageOf, type Plan } from './suite.ts';

const suite = 'ccache';
const files = 500;
/** One after the other, where each waits for the server; and as `make -j4` does. */
const jobsAtOnce = [1, 4];
const commandWithinMs = 600_000;

interface Sample extends ServerUsage {
  readonly wallMs: number;
}

/** The wall time of compiling by ccache what it finds on a server, its own cache being empty; round after round in turn. */
export async function ccache(plan: Plan): Promise<Table | undefined> {
  if (!plan.wants(suite, 'all-hits')) return undefined;
  const peers = [...plan.peers, redis()];
  const notes: string[] = [];
  const samples = new Map<string, Sample[]>();
  const program = executable('ccache');
  if (program === undefined) notes.push('There is no ccache on PATH.');
  else await measure(new Compiles(program, plan.newDirectory('ccache')), peers, plan, { samples, notes });
  const columns = ['files', 'server', 'wall ms', 'from', 'to', 'server cpu ms', 'others'];
  const rows = jobsAtOnce.flatMap((jobs) =>
    peers.map((peer) => {
      const found = samples.get(keyOf(peer, jobs)) ?? [];
      return [`${files}, ${jobs} at once`, peer.name, ...cells(found, columns.length - 2)];
    }),
  );
  return { name: suite, title: 'ccache, all hits', columns, rows, notes };
}

interface Found {
  readonly samples: Map<string, Sample[]>;
  readonly notes: string[];
}

async function measure(
  compiles: Compiles,
  peers: readonly Peer[],
  plan: Plan,
  { samples, notes }: Found,
): Promise<void> {
  await using running = new AsyncDisposableStack();
  const servers: RunningServer[] = [];
  const attempt = async (peer: Peer, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (reason) {
      notes.push(`${peer.name}: ${messageOf(reason).split('\n').join(' ')}`);
    }
  };
  for (const peer of peers) {
    await attempt(peer, async () => {
      plan.progress(`${suite}/all-hits, ${peer.name}, filling it`);
      const server = running.use(await RunningServer.start(peer, plan.newDirectory(peer.name), plan.cores));
      await compiles.run(server, Math.max(...jobsAtOnce));
      servers.push(server);
    });
  }
  for (let round = 1; round <= plan.builds; round++) {
    for (const jobs of jobsAtOnce) {
      for (const server of servers) {
        const { peer } = server;
        await attempt(peer, async () => {
          plan.progress(`${suite}/all-hits, ${peer.name}, ${jobs} at once, round ${round} of ${plan.builds}`);
          const { result, usage } = await server.during(() => compiles.run(server, jobs));
          if (result.hits < files) throw new Error(`${result.hits} hits only`);
          const key = keyOf(peer, jobs);
          samples.set(key, [...(samples.get(key) ?? []), { wallMs: result.wallMs, ...usage }]);
        });
      }
    }
  }
}

function keyOf({ name }: Peer, jobs: number): string {
  return `${name} ${jobs}`;
}

function cells(samples: readonly Sample[], count: number): string[] {
  if (samples.length === 0) return Array<string>(count).fill('n/a');
  const wall = samples.map(({ wallMs }) => wallMs);
  const others = median(samples.map(({ othersShare }) => othersShare ?? Number.NaN));
  const numbers = [median(wall), Math.min(...wall), Math.max(...wall), median(samples.map(({ cpuMs }) => cpuMs))];
  return [...numbers.map(shown), percents(others)];
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
