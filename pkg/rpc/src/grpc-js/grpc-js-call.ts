import type { EventEmitter } from 'node:events';
import { Scope } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Metadata, ServerDuplexStream, ServerReadableStream, ServerWritableStream } from '@grpc/grpc-js';
import type { Call, Headers } from '../call.ts';
import type { Message } from '../route.ts';
import type { RpcServerInit } from '../server.ts';
import type { GrpcCall } from './grpc-js-server.ts';

/** A grpc-js call as a context: it ends when the client leaves or its deadline passes. */
export class GrpcJsCall extends Scope implements Call {
  readonly headers: Headers;
  readonly startedMs: number;
  #inFlight = 0;
  #onSent: (() => void) | undefined;

  constructor(grpc: GrpcCall, { clock, callerOf }: RpcServerInit) {
    const headers = headersOf(grpc.metadata);
    const startedMs = clock.monotonic();
    super({ caller: callerOf(headers, grpc.getPeer()), deadline: deadlineOf(grpc, startedMs) });
    this.headers = headers;
    this.startedMs = startedMs;
    const end = (): void => {
      const isLate = this.deadline !== undefined && clock.monotonic() >= this.deadline;
      this.cancel(
        isLate
          ? new Failure('deadline_exceeded', 'the client’s deadline passed')
          : new Failure('cancelled', 'the client left'),
      );
      this.#onSent?.();
    };
    if (grpc.cancelled) end();
    else (grpc as EventEmitter).once('cancelled', end);
  }

  /** The client's messages. A client that leaves ends them with the context's reason. */
  async *requests(
    grpc: ServerReadableStream<Buffer, Message> | ServerDuplexStream<Buffer, Message>,
  ): AsyncGenerator<Uint8Array> {
    try {
      for await (const message of grpc.iterator({ destroyOnReturn: false })) yield message as Buffer;
    } catch (reason) {
      throw this.ended ?? Failure.from(reason);
    }
    if (this.ended !== undefined) throw this.ended;
  }

  /** Sends, and waits until fewer than `inFlightMax` messages are on their way. Fails when the client has left. */
  async send(
    grpc: ServerWritableStream<Buffer, Message> | ServerDuplexStream<Buffer, Message>,
    message: Message,
    inFlightMax: number,
  ): Promise<void> {
    if (this.ended !== undefined) throw this.ended;
    this.#inFlight++;
    grpc.write(message, () => {
      this.#inFlight--;
      this.#onSent?.();
    });
    if (this.#inFlight < inFlightMax) return;
    await new Promise<void>((resolve) => {
      this.#onSent = resolve;
    });
    this.#onSent = undefined;
    if (this.ended !== undefined) throw this.ended;
  }
}

function headersOf(metadata: Metadata): Headers {
  return {
    text: (name) => {
      const [value] = metadata.get(name);
      return typeof value === 'string' ? value : undefined;
    },
    binary: (name) => {
      const [value] = metadata.get(name);
      return value instanceof Uint8Array ? value : undefined;
    },
  };
}

/** grpc-js gives wall-clock time; everything here is in the clock's own. */
function deadlineOf(grpc: GrpcCall, nowMs: number): number | undefined {
  const deadline = Number(grpc.getDeadline());
  return Number.isFinite(deadline) ? nowMs + (deadline - Date.now()) : undefined;
}
