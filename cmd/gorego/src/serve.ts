import { once } from 'node:events';
import { assemble, type Running } from '@gorego/assembly';
import { type Loaded, printProblem, printSize } from '@gorego/config';
import { letHeapGrow, systemClock, systemRandom } from '@gorego/platform';
import { pinoLogger } from '@gorego/telemetry';
import { reachable } from './reachable.ts';
import { version } from './version.ts';

/** Serves until a signal comes, then lets calls under way finish. A second signal ends the process at once. */
export async function serve({ config, file, warnings }: Loaded, directory: string): Promise<void> {
  letHeapGrow();
  const { level, format: wanted } = config.telemetry.log;
  const format = wanted === 'auto' ? (process.stdout.isTTY ? 'pretty' : 'json') : wanted;
  const log = pinoLogger({ level, format });
  for (const warning of warnings) log.warn(printProblem(warning));
  process.on('uncaughtException', (error) => {
    log.error(`a bug: ${error.message}`, { stack: error.stack });
    process.exit(1);
  });

  const stop = signalled();
  await using running = await assemble(config, { clock: systemClock, random: systemRandom, log, directory });
  for (const line of welcome(running, config.janitor.maxSize)) log.info(line, { version, pid: process.pid, file });
  const signal = await stop;
  log.info(`${signal}: letting ${running.rpc.calls} calls finish, ${config.server.drainTimeout / 1000} s at most`);
  void signalled().then(() => process.exit(0));
  await running.drain();
  log.info('stopped');
}

/** What a person needs next. */
function welcome({ rpc, storeDirectory }: Running, maxSize: number): string[] {
  const { host, port } = rpc.address;
  const name = reachable(host).includes(':') ? `[${host}]` : reachable(host);
  return [
    `gorego ${version} serves grpc://${name}:${port}, storing in ${storeDirectory}, up to ${printSize(maxSize)}`,
    `for Bazel, add to .bazelrc: build --remote_cache=grpc://${name}:${port}`,
  ];
}

async function signalled(): Promise<string> {
  const [signal] = await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  return String(signal);
}
