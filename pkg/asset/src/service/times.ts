import { Failure } from '@gorego/errors';

/** google.protobuf.Timestamp and Duration alike. */
interface Seconds {
  readonly seconds: number;
  readonly nanos: number;
}

export function millisecondsOf({ seconds, nanos }: Seconds): number {
  return seconds * 1000 + Math.floor(nanos / 1e6);
}

export function timestampOf(ms: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.round(ms - seconds * 1000) * 1e6 };
}

/** How long to try: what the client says, `longestMs` at most and unless it says anything. */
export function timeoutOf(said: Seconds | undefined, longestMs: number): number {
  const ms = said === undefined ? 0 : millisecondsOf(said);
  if (ms < 0) throw new Failure('invalid_argument', `a timeout of ${ms} ms`);
  return ms === 0 ? longestMs : Math.min(ms, longestMs);
}
