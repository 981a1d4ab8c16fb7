import assert from 'node:assert/strict';
import type { Server } from '@grpc/grpc-js';

/** How many calls one connection may reset: so many at once, and so many a second in the long run. */
const resetsBurst = 100_000;
const resetsPerSecond = 10_000;

/**
 * Lets clients reset as many calls as they have reason to. Node closes a connection after 1,000 resets, and 33 a second,
 * against those who do nothing else. But grpc-java resets each upload that is answered before its end, so a busy client
 * would lose its connection in the middle of a build; what a reset costs here, a call costs as well.
 *
 * grpc-js has no option for it. It makes its HTTP/2 servers with options it keeps in a private field, and the assertion
 * notices when that is gone. To be called before there is any.
 */
export function bearResets(server: Server): void {
  const options: unknown = Reflect.get(server, 'commonServerOptions');
  assert(typeof options === 'object' && options !== null, 'grpc-js keeps its HTTP/2 options elsewhere now');
  Object.assign(options, { streamResetBurst: resetsBurst, streamResetRate: resetsPerSecond });
}
