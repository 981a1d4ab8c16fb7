import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Caller, nobody, Scope } from '@gorego/context';
import { type Code, Failure } from '@gorego/errors';
import { writeTo } from '@gorego/rpc';
import { httpStatusOf } from './http-status.ts';
import { Refusal } from './request-body.ts';
import { type Target, targetOf } from './target.ts';

export type ResponseHeaders = Readonly<Record<string, string | number>>;

/** One request and its answer, as a context: it ends when the client leaves. */
export class Exchange extends Scope {
  readonly method: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** How its client wants to hear of a failure, where not as a line of text. */
  failureJson: ((code: Code, message: string) => unknown) | undefined;
  #target: Target | undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    super({ caller: callerOf(request) });
    this.method = request.method ?? '';
    this.request = request;
    this.response = response;
    response.on('close', () => {
      if (!response.writableFinished) this.cancel(new Failure('cancelled', 'the client left'));
    });
  }

  /** `invalid_argument` if the path is none. */
  get target(): Target {
    this.#target ??= targetOf(this.request.url ?? '');
    return this.#target;
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** Answers with no body, or a line of text. */
  answer(status: number, message = '', headers: ResponseHeaders = {}): void {
    const body = message === '' ? '' : `${message}\n`;
    const about = { ...(body !== '' && { 'content-type': 'text/plain; charset=utf-8' }), ...headers };
    // A 204 has no length; to HEAD the length is that of what GET would answer.
    const length = status === 204 || status === 304 ? {} : { 'content-length': Buffer.byteLength(body) };
    this.response.writeHead(status, { ...length, ...about });
    this.response.end(this.method === 'HEAD' ? undefined : body);
  }

  answerJson(status: number, value: unknown, headers: ResponseHeaders = {}): void {
    const body = JSON.stringify(value);
    const about = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    this.response.writeHead(status, { ...about, ...headers }).end(this.method === 'HEAD' ? undefined : body);
  }

  /** Says what failed, if it can still be said; a transfer that has begun is cut off, so that nobody takes it for whole. */
  fail(failure: Failure): void {
    if (this.response.headersSent || failure.code === 'cancelled') {
      this.response.destroy();
      return;
    }
    const status = failure instanceof Refusal ? failure.status : httpStatusOf(failure.code, this.method);
    const message = failure.message.slice(0, messageCharactersMax);
    const headers = status === 429 || status === 503 ? retry : {};
    if (this.failureJson === undefined) this.answer(status, message, headers);
    else this.answerJson(status, this.failureJson(failure.code, message), headers);
  }

  /** Writes a chunk, and waits until the client takes more. Fails when it has left. */
  write(chunk: Uint8Array, onSent?: () => void): Promise<void> {
    return writeTo(this, this.response, chunk, onSent);
  }
}

const messageCharactersMax = 1000;
const retry = { 'retry-after': 1 };

/** HTTP clients say who they are in User-Agent alone. */
function callerOf({ headers, socket }: IncomingMessage): Caller {
  const tool = (headers['user-agent'] ?? '').slice(0, 200);
  return { ...nobody, tool, peer: `${socket.remoteAddress}:${socket.remotePort}` };
}
