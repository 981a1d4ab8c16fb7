import { fromFlags, loadConfig } from '@gorego/config';
import { systemClock, systemRandom } from '@gorego/platform';
import { silent } from '@gorego/telemetry';
import { assemble, type Running } from '../assemble.ts';

/** A goREgo of these flags on free ports of the loopback, with its directories below `directory`. */
export async function assembled(directory: string, ...flags: readonly string[]): Promise<Running> {
  const base = ['--listen_addr=127.0.0.1:0', '--http_listen_addr=127.0.0.1:0', '--server.drain_timeout=0s'];
  const { config } = await loadConfig({
    directory,
    file: undefined,
    environment: {},
    flags: fromFlags([...base, ...flags]).said,
  });
  return assemble(config, { clock: systemClock, random: systemRandom, log: silent, directory });
}

/** Asks its HTTP port. */
export async function get({ http }: Running, path: string): Promise<{ status: number; text: string }> {
  const { host, port } = http?.address ?? { host: '', port: 0 };
  const response = await fetch(`http://${host}:${port}${path}`);
  return { status: response.status, text: await response.text() };
}
