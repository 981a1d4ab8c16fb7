import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import type { Address } from '../server.ts';

const pass = (bytes: Buffer): Buffer => bytes;

/** Headers by name; bytes for those that end in `-bin`. */
export type RawHeaders = Metadata | Readonly<Record<string, string | Uint8Array>>;

/** A gRPC client of encoded messages, for tests of servers. Its owner closes it. */
export class RawClient implements Disposable {
  readonly client: Client;
  readonly #deadlineMs: number | undefined;

  /** Each call ends after `deadlineMs`, if given, so that no test hangs. */
  constructor({ host, port }: Address, options: Record<string, string | number> = {}, deadlineMs?: number) {
    this.#deadlineMs = deadlineMs;
    this.client = new Client(`${host.includes(':') ? `[${host}]` : host}:${port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      ...options,
    });
  }

  unary(path: string, request: Uint8Array, headers?: RawHeaders, deadlineMs?: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest<Buffer, Buffer>(
        path,
        pass,
        pass,
        Buffer.from(request),
        metadataOf(headers),
        this.#options(deadlineMs),
        (error, value) => (error ? reject(error) : resolve(value as Buffer)),
      );
    });
  }

  /** Sends all requests as fast as the server takes them, until it answers. */
  clientStream(path: string, requests: Iterable<Uint8Array>, headers?: RawHeaders): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let isAnswered = false;
      const metadata = metadataOf(headers);
      const call = this.client.makeClientStreamRequest<Buffer, Buffer>(
        path,
        pass,
        pass,
        metadata,
        this.#options(),
        (error, value) => {
          isAnswered = true;
          if (error) reject(error);
          else resolve(value as Buffer);
        },
      );
      const iterator = requests[Symbol.iterator]();
      const pump = (): void => {
        for (;;) {
          const { done, value } = iterator.next();
          if (done === true || isAnswered) {
            call.end();
            return;
          }
          if (!call.write(Buffer.from(value))) {
            call.once('drain', pump);
            return;
          }
        }
      };
      pump();
    });
  }

  async serverStream(path: string, request: Uint8Array, headers?: RawHeaders): Promise<Buffer[]> {
    const call = this.client.makeServerStreamRequest<Buffer, Buffer>(
      path,
      pass,
      pass,
      Buffer.from(request),
      metadataOf(headers),
      this.#options(),
    );
    const messages: Buffer[] = [];
    for await (const message of call) messages.push(message as Buffer);
    return messages;
  }

  /** A call to be made by hand, of whatever kind: one message, many, or a half-close may go each way at any time. */
  bidi(path: string, headers?: RawHeaders): ClientDuplexStream<Buffer, Buffer> {
    return this.client.makeBidiStreamRequest<Buffer, Buffer>(path, pass, pass, metadataOf(headers), this.#options());
  }

  [Symbol.dispose](): void {
    this.client.close();
  }

  #options(deadlineMs = this.#deadlineMs): { deadline?: number } {
    return deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
  }
}

function metadataOf(headers: RawHeaders = {}): Metadata {
  if (headers instanceof Metadata) return headers;
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) {
    metadata.set(name, typeof value === 'string' ? value : Buffer.from(value));
  }
  return metadata;
}
