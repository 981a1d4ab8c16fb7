import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { atExit } from '../at-exit.ts';
import { GrpcClient } from '../grpc-client.ts';
import { type Cores, pinned } from '../machine.ts';
import { getCapabilities } from '../requests.ts';
import type { Peer, Place } from './peer.ts';
import { coreTimes, forgetPeak, peakBytes, processTimes } from './proc.ts';

/** A million blobs must be found in this. */
const readyWithinMs = 300_000;
/** Between two questions whether a server is ready. */
const askEveryMs = 2;
const stopWithinMs = 30_000;

/** A peer that serves, in a process of its own, on the server's core. */
export class RunningServer implements AsyncDisposable {
  readonly peer: Peer;
  readonly port: number;
  /** What it serves on its second port, if it does. */
  readonly otherPort: number;
  /** From the process's start to its first answer. */
  readonly readyMs: number;
  readonly #child: ChildProcess;
  readonly #logFile: string;
  readonly #cores: Cores;

  private constructor(
    peer: Peer,
    { port, otherPort }: Pick<Place, 'port' | 'otherPort'>,
    readyMs: number,
    child: ChildProcess,
    logFile: string,
    cores: Cores,
  ) {
    this.peer = peer;
    this.port = port;
    this.otherPort = otherPort;
    this.readyMs = readyMs;
    this.#child = child;
    this.#logFile = logFile;
    this.#cores = cores;
  }

  /** Starts `peer` with its store in `directory`/store, and resolves when it answers. */
  static async start(
    peer: Peer,
    directory: string,
    cores: Cores,
    as: Pick<Place, 'upstreamPort' | 'isCompressing'> = {},
  ): Promise<RunningServer> {
    if (peer.program === undefined) throw new Error(`${peer.name} is not here`);
    const [port, otherPort] = [await freePort(), await freePort()];
    const store = join(directory, 'store');
    mkdirSync(store, { recursive: true });
    const command = peer.program.command({ directory: store, port, otherPort, ...as });
    const [program = '', ...args] = pinned(cores.server, command);
    const logFile = join(directory, 'log');
    const log = openSync(logFile, 'a');
    const startMs = performance.now();
    const child = spawn(program, args, { stdio: ['ignore', log, log], cwd: directory });
    closeSync(log);
    const forget = atExit(() => child.kill('SIGKILL'));
    child.once('exit', forget);
    child.once('error', () => {}); // `pid` stays undefined, and it is never ready.
    const isUp = (): boolean => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
    const { answers = answersGrpc } = peer.program;
    while (!(await answers(port))) {
      if (!isUp() || performance.now() - startMs > readyWithinMs) {
        child.kill('SIGKILL');
        throw new Error(`${peer.name} does not serve:\n${tail(logFile)}`);
      }
      await delay(askEveryMs);
    }
    return new RunningServer(peer, { port, otherPort }, performance.now() - startMs, child, logFile, cores);
  }

  get #pid(): number {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) {
      throw new Error(`${this.peer.name} ended with ${signalCode ?? `status ${exitCode}`}:\n${tail(this.#logFile)}`);
    }
    return pid;
  }

  /** CPU time since it began, ms. */
  get cpuMs(): number {
    return processTimes(this.#pid).ms;
  }

  get peakBytes(): number {
    return peakBytes(this.#pid);
  }

  /** Does `work`, and tells what this server took for it, and what others took of its core. */
  async during<T>(work: () => Promise<T>): Promise<{ result: T; usage: ServerUsage }> {
    forgetPeak(this.#pid);
    const before = this.#snapshot();
    const result = await work();
    const after = this.#snapshot();
    const cpuMs = after.cpuMs - before.cpuMs;
    const elapsedMs = after.atMs - before.atMs;
    const ofOthers = after.coreMs - before.coreMs - cpuMs;
    const othersShare = this.#cores.server === undefined ? undefined : Math.max(0, ofOthers / elapsedMs);
    const loadCoreShare =
      this.#cores.load === undefined ? undefined : (after.loadCoreMs - before.loadCoreMs) / elapsedMs;
    return { result, usage: { cpuMs, peakBytes: this.peakBytes, othersShare, loadCoreShare } };
  }

  #snapshot(): { atMs: number; cpuMs: number; coreMs: number; loadCoreMs: number } {
    const taken = (core: number | undefined): number => {
      if (core === undefined) return Number.NaN;
      const { programsMs, stolenMs } = coreTimes(core);
      return programsMs + stolenMs;
    };
    const { server, load } = this.#cores;
    return { atMs: performance.now(), cpuMs: this.cpuMs, coreMs: taken(server), loadCoreMs: taken(load) };
  }

  /** Ends it by SIGKILL. */
  async kill(): Promise<void> {
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  /** Ends it by SIGTERM, and by SIGKILL if that does not help. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), stopWithinMs);
    await exit;
    clearTimeout(patience);
  }
}

export interface ServerUsage {
  /** To the next 10. */
  readonly cpuMs: number;
  readonly peakBytes: number;
  /** What other programs, or the hypervisor, took of the server's core. Undefined where it has none to itself. */
  readonly othersShare: number | undefined;
  /** How busy the load's core was, with the load and with anything else. */
  readonly loadCoreShare: number | undefined;
}

async function answersGrpc(port: number): Promise<boolean> {
  using client = new GrpcClient(port);
  const { path, body } = getCapabilities();
  try {
    return (await client.call(path, body)).status === 0;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').split('\n').slice(-12).join('\n');
}
