import type { IncomingMessage } from 'node:http';

/**
 * May whoever sent this call? Pages say their origin, and their browsers see to it that they do; other programs say none.
 * A page of this very server may, and those of the origins allowed.
 */
export function mayCall({ headers: { origin, host } }: IncomingMessage, allowed: readonly string[]): boolean {
  if (origin === undefined) return true;
  return (
    origin === `http://${host}` || origin === `https://${host}` || allowed.includes('*') || allowed.includes(origin)
  );
}

/** How long a browser may remember the answer, seconds. */
const preflightSeconds = 3600;

/** Lets a page of that origin send a call, and read what it is answered. */
export function preflightHeaders(origin: string): Readonly<Record<string, string | number>> {
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers':
      'content-type, x-grpc-web, x-user-agent, grpc-timeout, authorization, build.bazel.remote.execution.v2.requestmetadata-bin',
    'access-control-max-age': preflightSeconds,
    vary: 'origin',
  };
}
