import { lookup } from 'node:dns/promises';
import * as http from 'node:http';
import * as https from 'node:https';
import { isIPv6, type LookupFunction } from 'node:net';
import { type Context, Slots, unlessEnded } from '@gorego/context';
import { Failure } from '@gorego/errors';
import type { HeaderMap } from '../request/origin-headers.ts';
import type { Web, WebResponse } from './web.ts';

/** Name lookups share their few threads with the disk: slow ones must not take them all. */
const lookups = new Slots('looking up names', 2, 1000);

/** HTTP/1.1 over TCP and TLS, one connection for each request. No proxy, whatever the environment says. */
export const nodeWeb: Web = {
  resolve: async (ctx, host) => {
    using _slot = await lookups.take(ctx);
    try {
      const found = await unlessEnded(ctx, lookup(host, { all: true, order: 'verbatim' }));
      return found.map(({ address }) => address);
    } catch (reason) {
      throw outcome(ctx, reason, `looking up ${host}`);
    }
  },
  get,
};

async function get(ctx: Context, url: URL, addresses: readonly string[], headers: HeaderMap): Promise<WebResponse> {
  const client = url.protocol === 'https:' ? https : http;
  const request = client.request({
    method: 'GET',
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    path: url.pathname + url.search,
    headers,
    agent: false,
    lookup: only(addresses),
    signal: ctx.signal,
  });
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject); // For its whole life: an error after the answer is the body's to tell.
  });
  request.end();
  const doing = `asking ${url.host}`;
  try {
    const response = await answered;
    return {
      status: response.statusCode ?? 0,
      header: (name) => response.headers[name]?.toString(),
      body: bodyOf(ctx, response, doing),
      [Symbol.asyncDispose]: async () => void response.destroy(),
    };
  } catch (reason) {
    request.destroy();
    throw outcome(ctx, reason, doing);
  }
}

async function* bodyOf(ctx: Context, response: http.IncomingMessage, doing: string): AsyncGenerator<Uint8Array> {
  try {
    yield* response as AsyncIterable<Uint8Array>;
  } catch (reason) {
    throw outcome(ctx, reason, doing);
  }
}

/** Answers every question with the addresses that were judged, so that no later answer of a resolver counts. */
function only(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_host, options, done) => {
    const [first] = all;
    if (options.all === true) done(null, all);
    else done(null, first?.address ?? '', first?.family);
  };
}

/** What can't be reached is `unavailable`; who can't show who they are is not talked to. */
function outcome(ctx: Context, reason: unknown, doing: string): Failure {
  if (ctx.ended !== undefined) return ctx.ended;
  if (reason instanceof Failure) return reason;
  const { code = '', message = String(reason) } = reason as NodeJS.ErrnoException;
  const isUntrusted = /CERT|SIGNED|SIGNATURE|UNABLE_TO_(GET|VERIFY)/.test(code);
  return new Failure(isUntrusted ? 'permission_denied' : 'unavailable', `${doing}: ${message || code}`, {
    cause: reason,
  });
}
