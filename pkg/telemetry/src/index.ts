export { Builds } from './builds.ts';
export { CallLog, type EndedCall } from './calls.ts';
export { humanBytes } from './human.ts';
export { type Fields, type Logger, silent } from './logger.ts';
export { Metrics } from './metrics.ts';
export { type LogOptions, pinoLogger } from './pino-logger.ts';
