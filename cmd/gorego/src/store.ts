import { commandStore, type StoreCommand } from '@gorego/assembly';
import type { Config } from '@gorego/config';
import { systemClock, systemRandom } from '@gorego/platform';
import { pinoLogger } from '@gorego/telemetry';

/** Has something done to the store, by the gorego that serves it or by this one; says what comes of it. */
export async function store(config: Config, command: StoreCommand, directory: string): Promise<number> {
  const log = pinoLogger({ level: 'error', format: 'pretty' });
  const surroundings = { clock: systemClock, random: systemRandom, log, directory };
  let status = 1; // Unless it ends by saying otherwise.
  for await (const said of commandStore(config, command, surroundings)) {
    if ('line' in said) process.stdout.write(`${clear()}${said.line}\n`);
    else if ('status' in said) status = said.status;
    else if (process.stderr.isTTY) process.stderr.write(bar(said.progress));
  }
  process.stderr.write(clear());
  return status;
}

const barWidth = 40;

function bar(progress: number): string {
  const done = Math.round(progress * barWidth);
  return `\r[${'='.repeat(done)}${' '.repeat(barWidth - done)}] ${Math.round(progress * 100)} %`;
}

function clear(): string {
  return process.stderr.isTTY ? `\r${' '.repeat(barWidth + 8)}\r` : '';
}
