import assert from 'node:assert/strict';
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

/** Per connection, in windows of one call: that many uploads at full speed at once. */
const callsAtFullSpeed = 16;

/**
 * Lets clients send `windowBytes` ahead on each call, and more on a connection. HTTP/2's default of 64 KiB for a whole
 * connection makes an upload over a 20 ms link crawl at 3 MB/s.
 *
 * grpc-js has an option for this in its client only; its server's sessions are reached through a private field, and
 * the assertion notices when that is gone.
 */
export function widenWindows(server: Server, windowBytes: number): void {
  const servers: unknown = Reflect.get(server, 'http2Servers');
  assert(servers instanceof Map && servers.size > 0, 'grpc-js keeps its HTTP/2 servers elsewhere now');
  for (const http2 of servers.keys() as Iterable<Http2Server>) {
    http2.on('session', (session: ServerHttp2Session) => {
      session.settings({ initialWindowSize: windowBytes });
      session.setLocalWindowSize(callsAtFullSpeed * windowBytes);
    });
  }
}
