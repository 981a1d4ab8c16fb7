import type { IncomingMessage, ServerResponse } from 'node:http';
import { Scope } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Clock } from '@gorego/platform';
import type { Call, Headers } from '../call.ts';
import { timeoutIn } from '../grpc/grpc-timeout.ts';
import type { RpcServerInit } from '../server.ts';

type WebCallInit = Pick<RpcServerInit, 'clock' | 'callerOf' | 'observer'>;

/** A call that came by HTTP/1.1, as a context: it ends when the client leaves or its deadline passes. */
export class WebCall extends Scope implements Call {
  readonly headers: Headers;
  readonly #request: IncomingMessage;
  readonly #init: WebCallInit;
  readonly #startedMs: number;

  constructor(request: IncomingMessage, response: ServerResponse, init: WebCallInit) {
    const headers = headersOf(request);
    const { clock, callerOf } = init;
    const { remoteAddress, remotePort } = request.socket;
    const timeoutMs = timeoutIn(headers.text('grpc-timeout'));
    const startedMs = clock.monotonic();
    const deadline = timeoutMs === undefined ? undefined : startedMs + timeoutMs;
    super({ caller: callerOf(headers, `${remoteAddress}:${remotePort}`), deadline });
    this.headers = headers;
    this.#request = request;
    this.#init = init;
    this.#startedMs = startedMs;
    if (timeoutMs !== undefined) this.onEnd(endsIn(this, clock, timeoutMs));
    response.on('close', () => {
      if (!response.writableFinished) this.cancel(new Failure('cancelled', 'the client left'));
    });
  }

  /** The body's bytes as they come. A client that leaves ends them with the context's reason. */
  async *received(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#request.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
    } catch (reason) {
      throw this.ended ?? new Failure('cancelled', 'the client left', { cause: reason });
    }
  }

  /** Tells the observer how it ended. */
  tellEnd(path: string, failure: unknown): void {
    const { clock, observer } = this.#init;
    observer?.onCallEnd?.({
      path,
      caller: this.caller,
      ms: clock.monotonic() - this.#startedMs,
      code: failure === undefined ? 'ok' : failure instanceof Failure ? failure.code : 'internal',
      failure,
    });
  }
}

function endsIn(call: WebCall, clock: Clock, ms: number): () => void {
  return clock.after(ms, () => call.cancel(new Failure('deadline_exceeded', 'the client’s deadline passed')));
}

function headersOf({ headers }: IncomingMessage): Headers {
  const text = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    text,
    binary: (name) => {
      const value = text(name);
      return value === undefined ? undefined : Buffer.from(value, 'base64');
    },
  };
}
