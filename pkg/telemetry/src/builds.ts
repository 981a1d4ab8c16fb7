import type { Caller } from '@gorego/context';
import type { Clock } from '@gorego/platform';
import { humanBytes } from './human.ts';
import type { Logger } from './logger.ts';

/** How long a build whose client stays connected must be quiet before it is taken to be over. */
const quietMs = 10_000;

/** A client that opens its connections one after another is not done between two of them. */
const lingerMs = 500;

/** Builds watched at once. Beyond it the longest watched is told of and forgotten. */
const buildsMax = 1000;

/**
 * Says one line about each build when it is over: `build 3f2a91c0: 412 hits, 3 misses, 96 MB served, 1.2 MB stored`.
 *
 * Nobody announces the end of a build. It is over when all connections that carried it are closed, or after a while of
 * silence. Calls that name no invocation are counted by tool and machine, or by connection.
 */
export class Builds implements Disposable {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #builds = new Map<string, Build>();
  readonly #byPeer = new Map<string, Set<Build>>();

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  hit(caller: Caller): void {
    this.#buildOf(caller).hits++;
  }

  miss(caller: Caller): void {
    this.#buildOf(caller).misses++;
  }

  served(caller: Caller, bytes: number): void {
    this.#buildOf(caller).servedBytes += bytes;
  }

  stored(caller: Caller, bytes: number): void {
    this.#buildOf(caller).storedBytes += bytes;
  }

  /** A connection has closed: what it alone carried is over. */
  left(peer: string): void {
    for (const build of this.#byPeer.get(peer) ?? []) {
      build.peers.delete(peer);
      if (build.peers.size === 0) this.#endIn(build, lingerMs);
    }
    this.#byPeer.delete(peer);
  }

  /** Tells of all builds that are under way. */
  [Symbol.dispose](): void {
    for (const build of this.#builds.values()) this.#end(build);
  }

  #buildOf(caller: Caller): Build {
    const key = caller.invocation === '' ? clientOf(caller) : caller.invocation;
    let build = this.#builds.get(key);
    if (build === undefined) {
      const [oldest] = this.#builds.size < buildsMax ? [] : this.#builds.values();
      if (oldest !== undefined) this.#end(oldest);
      build = newBuild(key, caller);
      this.#builds.set(key, build);
      this.#endIn(build, quietMs);
    }
    build.lastMs = this.#clock.monotonic();
    if (!build.peers.has(caller.peer)) this.#join(build, caller.peer);
    return build;
  }

  #join(build: Build, peer: string): void {
    build.peers.add(peer);
    const others = this.#byPeer.get(peer);
    if (others === undefined) this.#byPeer.set(peer, new Set([build]));
    else others.add(build);
  }

  /** Ends the build in `ms`, or that much after it was last heard of. */
  #endIn(build: Build, ms: number): void {
    build.stop();
    build.stop = this.#clock.after(ms, () => {
      const idleMs = this.#clock.monotonic() - build.lastMs;
      const wantedMs = build.peers.size === 0 ? lingerMs : quietMs;
      if (idleMs >= wantedMs) this.#end(build);
      else this.#endIn(build, wantedMs - idleMs);
    });
  }

  #end(build: Build): void {
    build.stop();
    this.#builds.delete(build.key);
    for (const peer of build.peers) {
      const others = this.#byPeer.get(peer);
      others?.delete(build);
      if (others?.size === 0) this.#byPeer.delete(peer);
    }
    const { hits, misses, servedBytes, storedBytes } = build;
    if (hits + misses + servedBytes + storedBytes === 0) return;
    const counts = `${plural(hits, 'hit')}, ${plural(misses, 'miss', 'misses')}`;
    const bytes = `${humanBytes(servedBytes)} served, ${humanBytes(storedBytes)} stored`;
    this.#log.info(`${build.label}: ${counts}, ${bytes}`, {
      invocation: build.invocation,
      tool: build.tool,
      hits,
      misses,
      servedBytes,
      storedBytes,
    });
  }
}

interface Build {
  readonly key: string;
  readonly label: string;
  readonly invocation: string;
  readonly tool: string;
  readonly peers: Set<string>;
  hits: number;
  misses: number;
  servedBytes: number;
  storedBytes: number;
  lastMs: number;
  stop: () => void;
}

/** Who it is that names no invocation: a tool on a machine, as many connect anew for each thing they do; or a connection. */
function clientOf({ tool, peer }: Caller): string {
  return tool === '' ? peer : `${tool} at ${peer.slice(0, Math.max(0, peer.lastIndexOf(':')))}`;
}

function newBuild(key: string, caller: Caller): Build {
  const { invocation, tool } = caller;
  const label = invocation === '' ? `client ${key}` : `build ${invocation.slice(0, 8)}…`;
  const counters = { hits: 0, misses: 0, servedBytes: 0, storedBytes: 0 };
  return { key, label, invocation, tool, peers: new Set(), ...counters, lastMs: 0, stop: () => {} };
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
