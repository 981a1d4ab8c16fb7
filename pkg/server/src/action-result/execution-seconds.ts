import { WireError, WireReader } from '@gorego/proto';

/** Fields of ActionResult, ExecutedActionMetadata and Timestamp. */
const field = {
  executionMetadata: 9,
  workerStart: 3,
  workerCompleted: 4,
  executionStart: 7,
  executionCompleted: 8,
  seconds: 1,
  nanos: 2,
} as const;

/**
 * How long an encoded ActionResult's action took, as whoever executed it says: the execution itself, or else all that the
 * worker did for it. Undefined where nothing is said, or nothing that can be.
 */
export function executionSeconds(result: Uint8Array): number | undefined {
  try {
    const times = new Map<number, number>();
    for (const reader = new WireReader(result); reader.next(); ) {
      if (reader.field !== field.executionMetadata) continue;
      for (const metadata = reader.message(); metadata.next(); ) {
        if (isTime(metadata.field)) times.set(metadata.field, secondsOf(metadata.message()));
      }
    }
    return (
      between(times.get(field.executionStart), times.get(field.executionCompleted)) ??
      between(times.get(field.workerStart), times.get(field.workerCompleted))
    );
  } catch (reason) {
    if (reason instanceof WireError) return undefined;
    throw reason;
  }
}

function isTime(number: number): boolean {
  return (
    number === field.workerStart ||
    number === field.workerCompleted ||
    number === field.executionStart ||
    number === field.executionCompleted
  );
}

function secondsOf(timestamp: WireReader): number {
  let seconds = 0;
  while (timestamp.next()) {
    if (timestamp.field === field.seconds) seconds += timestamp.int64();
    else if (timestamp.field === field.nanos) seconds += timestamp.int64() / 1e9;
  }
  return seconds;
}

function between(start: number | undefined, end: number | undefined): number | undefined {
  return start !== undefined && end !== undefined && end >= start ? end - start : undefined;
}
