import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { executable } from '../machine.ts';

/** A program that serves REAPI, and how to start it. */
export interface Peer {
  readonly name: string;
  /** What a reader of its numbers must know of how it is set. */
  readonly settings: string;
  /** Undefined if the program isn't here. */
  readonly program: Program | undefined;
}

export interface Program {
  readonly version: string;
  /** The command that serves gRPC on `port` from what `directory` holds; may write a configuration beside it. */
  command(place: Place): readonly string[];
  /** What ccache calls it as a `remote_storage`. */
  ccacheStorage(ports: Pick<Place, 'port' | 'otherPort'>): string;
  /** Whether it serves; unless given, it does when it answers gRPC. */
  readonly answers?: (port: number) => Promise<boolean>;
}

export interface Place {
  /** Fresh and empty at first. */
  readonly directory: string;
  readonly port: number;
  /** A second one that is free. */
  readonly otherPort: number;
  /** Where the cache is that it is to stand before; undefined for none. */
  readonly upstreamPort?: number | undefined;
  /** Whether it is to store blobs compressed by zstd. */
  readonly isCompressing?: boolean | undefined;
}

/** What others are compared with. */
export const yardstick = 'bazel-remote';

/** Larger than anything written here: eviction is another matter. */
const gibibytesMax = 40;

/** A goREgo: an executable, or a checkout to run from its sources. */
export function gorego(name: string, path: string): Peer {
  const isCheckout = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const program = isCheckout
    ? [process.execPath, '--conditions=gorego-source', join(resolve(path), 'cmd/gorego/src/main.ts')]
    : [resolve(path)];
  const [executablePath = '', ...rest] = program;
  const version = execFileSync(executablePath, [...rest, '--version'], { encoding: 'utf8' }).trim();
  return {
    name,
    settings: `small blobs share files; ${isCheckout ? 'run from its sources' : 'the built executable'}`,
    program: {
      version: version.replace(/^gorego /, ''),
      command: ({ directory, port, upstreamPort, isCompressing = false }) => [
        ...program,
        ...(upstreamPort === undefined ? [] : [`--backing_cache.target=grpc://127.0.0.1:${upstreamPort}`]),
        ...(isCompressing ? ['--local_store.compression=zstd'] : []),
        `--listen_addr=127.0.0.1:${port}`,
        `--local_store.dir=${directory}`,
        `--janitor.max_size=${gibibytesMax}GiB`,
      ],
      ccacheStorage: ({ port }) => `http://127.0.0.1:${port}/ccache`,
    },
  };
}

/** The sources that this file is part of. */
export const ownCheckout: string = fileURLToPath(new URL('../..', import.meta.url));

/** Everyone else. To compare with another one, add it here. */
export function otherPeers(): readonly Peer[] {
  return [
    {
      name: 'bazel-remote',
      settings: 'a file per blob, uncompressed (its default is zstd), access log off (its default is on)',
      program: onPath('bazel-remote', {
        command: ({ directory, port, otherPort, upstreamPort, isCompressing = false }) => [
          ...(upstreamPort === undefined ? [] : ['--grpc_proxy.url', `grpc://127.0.0.1:${upstreamPort}`]),
          ...['--storage_mode', isCompressing ? 'zstd' : 'uncompressed', '--access_log_level', 'none'],
          ...['--grpc_address', `127.0.0.1:${port}`, '--http_address', `127.0.0.1:${otherPort}`],
          ...['--disable_http_ac_validation'], // For ccache's values; gRPC has nothing to do with it.
          ...['--dir', directory, '--max_size', `${gibibytesMax}`],
        ],
        ccacheStorage: ({ otherPort }) => `http://127.0.0.1:${otherPort}/ccache|layout=bazel`,
      }),
    },
  ];
}

function onPath(name: string, how: Omit<Program, 'version'>): Program | undefined {
  const path = executable(name);
  if (path === undefined) return undefined;
  // Few of them say which version they are. The executable's own hash always can.
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12);
  return { ...how, version: `executable ${hash}…`, command: (place) => [path, ...how.command(place)] };
}

/** What ccache is often kept by. It speaks no REAPI. */
export function redis(): Peer {
  return {
    name: 'redis',
    settings: 'in memory alone: nothing is written to the disk',
    program: onPath('redis-server', {
      command: ({ directory, port }) => [
        ...['--bind', '127.0.0.1', '--port', `${port}`, '--dir', directory],
        ...['--save', '', '--appendonly', 'no'],
      ],
      ccacheStorage: ({ port }) => `redis://127.0.0.1:${port}`,
      answers: accepts,
    }),
  };
}

/** Whether a connection is accepted. */
async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
