import { type ClientHttp2Session, connect } from 'node:http2';

/** How a call ended. */
export interface Answer {
  /** gRPC's status: 0 is OK. */
  readonly status: number;
  readonly message: string;
  /** What was answered, message by message. */
  readonly messages: readonly Buffer[];
  /** The response body as it came, with gRPC's framing; bytes. */
  readonly bodyBytes: number;
}

/** A message as it travels: uncompressed, its length before it. */
export function framed(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(5 + message.byteLength);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.byteLength, 1);
  bytes.set(message, 5);
  return bytes;
}

/** The messages of a body. Throws if it does not end where one does. */
export function unframed(body: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 5 + (at + 5 <= body.length ? body.readUInt32BE(at + 1) : 0);
    if (end > body.length || body[at] !== 0) throw new Error(`no messages: ${body.length} bytes, at ${at}`);
    messages.push(body.subarray(at + 5, end));
    at = end;
  }
  return messages;
}

/** Calls gRPC methods to get things ready and to see what is answered; for load there is LoadConnection. */
export class GrpcClient implements Disposable {
  readonly #session: ClientHttp2Session;

  constructor(port: number) {
    this.#session = connect(`http://127.0.0.1:${port}`);
    this.#session.on('error', () => {}); // Calls hear of it.
  }

  /** Sends `body`, framed messages, and resolves to what comes back, whatever its status. Rejects if nothing does. */
  call(path: string, body: Uint8Array): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      let status = Number.NaN;
      let message = '';
      const see = (headers: Record<string, unknown>): void => {
        if (headers['grpc-status'] === undefined) return;
        status = Number(headers['grpc-status']);
        message = decodeURIComponent(String(headers['grpc-message'] ?? ''));
      };
      const chunks: Buffer[] = [];
      stream.on('response', see);
      stream.on('trailers', see);
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('close', () => {
        const whole = Buffer.concat(chunks);
        if (Number.isNaN(status)) return reject(new Error(`${path} was not answered`));
        resolve({ status, message, messages: unframed(whole), bodyBytes: whole.length });
      });
      stream.end(body);
    });
  }

  /** Makes a call that must succeed. */
  async must(path: string, body: Uint8Array): Promise<Answer> {
    const answer = await this.call(path, body);
    if (answer.status !== 0) throw new Error(`${path}: status ${answer.status}, ${answer.message}`);
    return answer;
  }

  [Symbol.dispose](): void {
    this.#session.destroy();
  }
}
