/** gRPC's status names in the order of their numbers, `ok` (0) included. */
export const codeNames = [
  'ok',
  'cancelled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
] as const;

/**
 * The ways work can fail, in gRPC's vocabulary: the same sixteen words at every layer, so that a failure crosses the
 * wire without translation.
 */
export type Code = Exclude<(typeof codeNames)[number], 'ok'>;

/** The number a code has on the wire. */
export function codeNumber(code: Code): number {
  return codeNames.indexOf(code);
}
