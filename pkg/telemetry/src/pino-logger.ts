import { type DestinationStream, pino } from 'pino';
import { build as pretty } from 'pino-pretty';
import type { Fields, Logger } from './logger.ts';

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  /** `pretty` for a person at a terminal, `json` for everything else. */
  readonly format: 'pretty' | 'json';
}

/** Logs through pino, a line for each message, written before the call returns. `to` is stdout's descriptor unless given. */
export function pinoLogger({ level, format }: LogOptions, to: number | DestinationStream = 1): Logger {
  const raw = typeof to === 'number' ? pino.destination({ dest: to, sync: true }) : to;
  const stream =
    format === 'json'
      ? raw
      : pretty({
          destination: to,
          sync: true,
          translateTime: 'SYS:HH:MM:ss',
          ignore: 'pid,hostname',
          hideObject: true,
        });
  const inner = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  const say =
    (at: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: Fields = {}): void =>
      inner[at](fields, message);
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}
