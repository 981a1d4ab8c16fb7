import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import type { Address } from '../server.ts';

const pass = (bytes: Buffer): Buffer => bytes;

/** A gRPC client of encoded messages, for tests of servers. Its owner closes it. */
export class RawClient implements Disposable {
  readonly client: Client;

  constructor({ host, port }: Address, options: Record<string, string | number> = {}) {
    this.client = new Client(`${host.includes(':') ? `[${host}]` : host}:${port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      ...options,
    });
  }

  unary(path: string, request: Uint8Array, metadata: Metadata = new Metadata(), deadlineMs?: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest<Buffer, Buffer>(
        path,
        pass,
        pass,
        Buffer.from(request),
        metadata,
        deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
        (error, value) => (error ? reject(error) : resolve(value as Buffer)),
      );
    });
  }

  /** Sends all requests as fast as the server takes them, until it answers. */
  clientStream(path: string, requests: Iterable<Uint8Array>, metadata: Metadata = new Metadata()): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let isAnswered = false;
      const call = this.client.makeClientStreamRequest<Buffer, Buffer>(path, pass, pass, metadata, {}, (e, v) => {
        isAnswered = true;
        if (e) reject(e);
        else resolve(v as Buffer);
      });
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

  async serverStream(path: string, request: Uint8Array, metadata: Metadata = new Metadata()): Promise<Buffer[]> {
    const call = this.client.makeServerStreamRequest<Buffer, Buffer>(path, pass, pass, Buffer.from(request), metadata);
    const messages: Buffer[] = [];
    for await (const message of call) messages.push(message as Buffer);
    return messages;
  }

  bidi(path: string, metadata: Metadata = new Metadata()): ClientDuplexStream<Buffer, Buffer> {
    return this.client.makeBidiStreamRequest<Buffer, Buffer>(path, pass, pass, metadata);
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}
