import { type Context, throwIfEnded, unlessEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { Web, WebResponse } from '../origin/web.ts';
import type { HeaderMap } from '../request/origin-headers.ts';

export interface Asked {
  readonly url: string;
  readonly addresses: readonly string[];
  readonly headers: HeaderMap;
}

/** What a simulated origin answers. */
export interface Answer {
  readonly status?: number;
  readonly headers?: HeaderMap;
  readonly body?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** A network of hosts that are at one public address unless said otherwise, and pages that answer for URLs. */
export class SimulatedWeb implements Web {
  readonly addresses: Map<string, readonly string[]> = new Map();
  readonly pages: Map<string, (asked: Asked) => Answer | Promise<Answer>> = new Map();
  readonly asked: Asked[] = [];
  /** Bodies that were begun and not let go. */
  open = 0;

  page(url: string, body: string | Uint8Array, headers: HeaderMap = {}): void {
    this.pages.set(url, () => ({ headers, body: [Buffer.from(body)] }));
  }

  redirect(url: string, location: string, status = 302): void {
    this.pages.set(url, () => ({ status, headers: { location } }));
  }

  async resolve(ctx: Context, host: string): Promise<readonly string[]> {
    throwIfEnded(ctx);
    return this.addresses.get(host) ?? ['93.184.215.14'];
  }

  async get(ctx: Context, url: URL, addresses: readonly string[], headers: HeaderMap): Promise<WebResponse> {
    throwIfEnded(ctx);
    const asked = { url: url.href, addresses, headers };
    this.asked.push(asked);
    const page = this.pages.get(url.href);
    const answer: Answer = page === undefined ? { status: 404 } : await unlessEnded(ctx, Promise.resolve(page(asked)));
    const isOpen = { value: true };
    this.open++;
    const release = async (): Promise<void> => {
      if (isOpen.value) this.open--;
      isOpen.value = false;
    };
    return {
      status: answer.status ?? 200,
      header: (name) => answer.headers?.[name],
      body: (async function* () {
        const iterator = toAsync(answer.body ?? [])[Symbol.asyncIterator]();
        for (;;) {
          const { done, value } = await unlessEnded(ctx, iterator.next());
          if (done === true) return;
          yield value;
        }
      })(),
      [Symbol.asyncDispose]: release,
    };
  }
}

/** Gives `first`, and then nothing more, ever. */
export async function* stalling(first: Uint8Array): AsyncGenerator<Uint8Array> {
  yield first;
  await new Promise(() => {});
}

/** Gives `first`, and breaks off. */
export async function* breaking(first: Uint8Array): AsyncGenerator<Uint8Array> {
  yield first;
  throw new Failure('unavailable', 'connection reset');
}

async function* toAsync(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
