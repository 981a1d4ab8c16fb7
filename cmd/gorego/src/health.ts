import { background, withTimeout } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { systemClock } from '@gorego/platform';
import { methodPath } from '@gorego/proto';
import { HealthCheckRequest, HealthCheckResponse, HealthDefinition } from '@gorego/proto/grpc/health/v1/health';
import { defaultLimits, GrpcJsClient, parseAddress } from '@gorego/rpc';
import { reachable } from './reachable.ts';

/** A probe waits no longer than this. */
const deadlineMs = 5000;

/** Asks a server for its health. Resolves to `SERVING`, `NOT_SERVING`, …; `unavailable` if nobody answers. */
export async function askHealth(address: string): Promise<string> {
  const { host, port } = parseAddress(address);
  using client = new GrpcJsClient({
    ...{ clock: systemClock, host: reachable(host), port, connections: 1, headersOf: () => [] },
    receiveWindowBytes: defaultLimits.receiveWindowBytes,
  });
  using scope = withTimeout(background(), systemClock, deadlineMs, 'asking for its health');
  try {
    const request = HealthCheckRequest.encode(HealthCheckRequest.fromPartial({})).finish();
    const { status } = HealthCheckResponse.decode(
      await client.unary(scope, methodPath(HealthDefinition, 'check'), request),
    );
    return ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'][status] ?? String(status);
  } catch (reason) {
    throw new Failure('unavailable', `${address} does not answer: ${Failure.from(reason).message}`, { cause: reason });
  }
}
