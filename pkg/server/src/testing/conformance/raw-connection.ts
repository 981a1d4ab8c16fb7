import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import type { Address } from '@gorego/rpc';

/** What says nothing for as long hangs. */
const silenceMsMax = 30_000;

export interface RawResponse {
  /** Headers and trailers together. */
  readonly headers: IncomingHttpHeaders;
  /** What came, frames of gRPC and all. */
  readonly body: Buffer;
  /** The HTTP/2 error code the stream was closed with; 0 for none. */
  readonly rstCode: number;
}

/** One HTTP/2 connection without a gRPC client on it: for what such a client wouldn't do. Its owner disposes it. */
export class RawConnection implements Disposable {
  readonly session: ClientHttp2Session;

  /** Resolves when the server has answered. */
  readonly connected: Promise<void>;

  constructor({ host, port }: Address, options: Parameters<typeof connect>[1] = {}) {
    this.session = connect(`http://${host.includes(':') ? `[${host}]` : host}:${port}`, {
      maxSessionMemory: 1000,
      ...options,
    });
    this.session.on('error', () => {}); // Streams say it themselves.
    this.connected = new Promise((resolve) => this.session.once('remoteSettings', () => resolve()));
  }

  /** Begins a call. The caller writes and ends the stream. */
  open(path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
    const stream = this.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    stream.on('error', () => {});
    return stream;
  }

  /** Makes a whole call of `body` as it is. */
  async call(path: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<RawResponse> {
    const stream = this.open(path, headers);
    const answer = received(stream);
    stream.setTimeout(silenceMsMax, () => stream.destroy(new Error(`${path}: silence for ${silenceMsMax} ms`)));
    stream.end(body);
    return answer;
  }

  [Symbol.dispose](): void {
    this.session.destroy();
  }
}

/** Everything that comes on a stream until it is closed. */
export async function received(stream: ClientHttp2Stream): Promise<RawResponse> {
  const headers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on('response', (some) => Object.assign(headers, some));
  stream.on('trailers', (some) => Object.assign(headers, some));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve, reject) => {
    stream.once('close', () => (stream.errored && !('code' in stream.errored) ? reject(stream.errored) : resolve()));
  });
  return { headers, body: Buffer.concat(chunks), rstCode: stream.rstCode };
}

/** A message with gRPC's header before it, or with a header that lies about it. */
export function framed(
  message: Uint8Array,
  { flag = 0, length = message.byteLength }: { flag?: number; length?: number } = {},
): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(flag, 0);
  header.writeUInt32BE(length, 1);
  return Buffer.concat([header, message]);
}
