import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { startGorego } from './gorego.ts';

/** A cache that a gorego may be put before. Disposing it kills it. */
export interface Upstream extends AsyncDisposable {
  readonly address: string;
}

/** Starts a cache with its data below `path`. */
export type StartUpstream = (path: string) => Promise<Upstream>;

/** Caches to stand before. */
export const upstreams: readonly {
  readonly name: string;
  /** What it needs on PATH, if it is not gorego itself. */
  readonly program?: string;
  /** CI need not have it. */
  readonly isOptional?: boolean;
  /** It looks into the Action whose result is asked for. */
  readonly parsesActions?: boolean;
  readonly start: StartUpstream;
}[] = [
  { name: 'gorego', start: (path) => startGorego([`--local_store.dir=${path}`]) },
  { name: 'BuildGrid', program: 'bgd', parsesActions: true, start: startBuildGrid },
  {
    name: 'gorego before BuildGrid',
    program: 'bgd',
    parsesActions: true,
    start: (path) => before(startBuildGrid, path),
  },
  { name: 'bazel-remote', program: 'bazel-remote', isOptional: true, start: startBazelRemote },
];

async function before(start: StartUpstream, path: string): Promise<Upstream> {
  const behind = await start(join(path, 'behind'));
  const gorego = await startGorego([
    `--local_store.dir=${join(path, 'near')}`,
    `--backing_cache.target=grpc://${behind.address}`,
  ]);
  return {
    address: gorego.address,
    [Symbol.asyncDispose]: async () => {
      await gorego[Symbol.asyncDispose]();
      await behind[Symbol.asyncDispose]();
    },
  };
}

async function startBuildGrid(path: string): Promise<Upstream> {
  await mkdir(path, { recursive: true });
  const port = await freePort();
  const config = `
server:
  - !channel
    address: 127.0.0.1:${port}
    insecure-mode: true
instances:
  - name: ''
    storages:
      - !disk-storage &cas
        path: ${path}
    caches:
      - !lru-action-cache &ac
        storage: *cas
        max-cached-refs: 100000
        allow-updates: true
    services:
      - !action-cache
        cache: *ac
      - !cas
        storage: *cas
      - !bytestream
        storage: *cas
thread-pool-size: 100
`;
  const file = join(path, 'buildgrid.yml');
  await writeFile(file, config);
  return started('bgd', ['server', 'start', file], port);
}

async function startBazelRemote(path: string): Promise<Upstream> {
  const port = await freePort();
  const http = await freePort();
  const args = [
    '--dir',
    path,
    '--max_size',
    '1',
    '--grpc_address',
    `127.0.0.1:${port}`,
    '--http_address',
    `127.0.0.1:${http}`,
  ];
  return started('bazel-remote', args, port);
}

/** Starts a program and waits until its port is open. */
async function started(program: string, args: readonly string[], port: number): Promise<Upstream> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  for (let tries = 0; ; tries++) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.on('connect', () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) break;
    if (tries > 600 || child.exitCode !== null) throw new Error(`${program} did not open port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    address: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
