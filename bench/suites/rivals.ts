import type { Peer } from '../server/peer.ts';
import { RunningServer } from '../server/running-server.ts';
import { messageOf, type Plan } from './suite.ts';

/** Servers that run side by side and are measured in turn. One that fails is left out of what it failed at, with a note. */
export class Rivals implements AsyncDisposable {
  readonly notes: string[] = [];
  readonly #benchmark: string;
  readonly #plan: Plan;
  readonly #running = new AsyncDisposableStack();
  readonly #servers: RunningServer[] = [];

  /** Of `SUITE/NAME`. */
  constructor(benchmark: string, plan: Plan) {
    this.#benchmark = benchmark;
    this.#plan = plan;
  }

  /** Starts a server of each, and has it filled. */
  async start(peers: readonly Peer[], fill: (server: RunningServer) => Promise<void>): Promise<void> {
    const { newDirectory, cores } = this.#plan;
    for (const peer of peers) {
      await this.#attempt(peer, 'filling it', async () => {
        const server = this.#running.use(await RunningServer.start(peer, newDirectory(peer.name), cores));
        await fill(server);
        this.#servers.push(server);
      });
    }
  }

  /** Measures each that was filled, one after the other. */
  async each(what: string, measure: (server: RunningServer) => Promise<void>): Promise<void> {
    for (const server of this.#servers) await this.#attempt(server.peer, what, () => measure(server));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }

  async #attempt({ name }: Peer, what: string, work: () => Promise<void>): Promise<void> {
    this.#plan.progress(`${this.#benchmark}, ${name}, ${what}`);
    try {
      await work();
    } catch (reason) {
      this.notes.push(`${name}: ${messageOf(reason).split('\n').join(' ')}`);
    }
  }
}
