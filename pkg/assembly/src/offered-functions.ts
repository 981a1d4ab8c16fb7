import { type DigestFunctionName, digestFunctionNames, whyUnavailable } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Logger } from '@gorego/telemetry';

/**
 * The digest functions on offer: those that are asked for, which this machine must be able to compute, or, if nobody says,
 * all that it can. A function costs nothing until a client names blobs by it.
 */
export function offeredFunctions(
  asked: readonly DigestFunctionName[] | undefined,
  log: Logger,
  why: (name: DigestFunctionName) => string | undefined = whyUnavailable,
): readonly DigestFunctionName[] {
  const offered = digestFunctionNames.filter((name) => asked === undefined || asked.includes(name));
  return offered.filter((name) => {
    const reason = why(name);
    if (reason === undefined) return true;
    const message = `the digest function ${name} can't be computed on this machine: ${reason}`;
    if (asked !== undefined) throw new Failure('failed_precondition', message);
    log.warn(`${message}; it is not offered`, { function: name });
    return false;
  });
}
