import { Failure } from '@gorego/errors';
import type { Call } from '@gorego/rpc';

const header = 'build.bazel.remote.execution.v2.resource-name';

/** REAPI lets a client repeat the resource name in a header, for routers. Two names that differ are an error. */
export function checkResourceHeader({ headers }: Call, resourceName: string): void {
  const named = headers.text(header);
  if (named !== undefined && named !== resourceName) {
    throw new Failure(
      'invalid_argument',
      `the header names ${JSON.stringify(named.slice(0, 300))}, the request ${JSON.stringify(resourceName.slice(0, 300))}`,
    );
  }
}
