import { Failure } from '@gorego/errors';
import { methodPath } from '@gorego/proto';
import { HealthCheckRequest, HealthCheckResponse, HealthDefinition } from '@gorego/proto/grpc/health/v1/health';
import { Client, credentials } from '@grpc/grpc-js';

/** A probe waits no longer than this. */
const deadlineMs = 5000;

/** Asks a server for its health. Resolves to `SERVING`, `NOT_SERVING`, …; `unavailable` if nobody answers. */
export async function askHealth(address: string): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  try {
    const response = await new Promise<Buffer>((resolve, reject) => {
      client.makeUnaryRequest<Uint8Array, Buffer>(
        methodPath(HealthDefinition, 'check'),
        (bytes) => Buffer.from(bytes),
        (bytes) => bytes,
        HealthCheckRequest.encode(HealthCheckRequest.fromPartial({})).finish(),
        { deadline: Date.now() + deadlineMs },
        (error, value) => (value === undefined ? reject(error) : resolve(value)),
      );
    });
    const { status } = HealthCheckResponse.decode(response);
    return ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'][status] ?? String(status);
  } catch (reason) {
    throw new Failure('unavailable', `${address} does not answer: ${Failure.from(reason).message}`, { cause: reason });
  } finally {
    client.close();
  }
}
