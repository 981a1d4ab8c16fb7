import type { Code } from '@gorego/errors';

/** The HTTP status that says what a Failure says. `resource_exhausted` has two: no room to write, or not so fast. */
export function httpStatusOf(code: Code, method: string): number {
  switch (code) {
    case 'invalid_argument':
      return 400;
    case 'unauthenticated':
      return 401;
    case 'permission_denied':
      return 403;
    case 'not_found':
      return 404;
    case 'already_exists':
    case 'aborted':
      return 409;
    case 'failed_precondition':
      return 412;
    case 'out_of_range':
      return 416;
    case 'resource_exhausted':
      return method === 'PUT' ? 507 : 429;
    case 'unimplemented':
      return 501;
    case 'unavailable':
      return 503;
    case 'deadline_exceeded':
      return 504;
    case 'cancelled':
      return 499; // Nobody sees it: the client has left.
    case 'data_loss':
    case 'internal':
    case 'unknown':
      return 500;
    default:
      return code satisfies never;
  }
}
