import { isIP } from 'node:net';
import type { Context } from '@gorego/context';
import { type Code, Failure } from '@gorego/errors';
import type { Policy } from '../policy/policy.ts';
import { type HeaderMap, withoutSecrets } from '../request/origin-headers.ts';
import type { Web, WebResponse } from './web.ts';

/** As browsers have it. */
const redirectsMax = 20;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Asks for a URL and goes where it is sent, with the policy asked again at every step. Answers only with 200. What is
 * not harmless among the headers stays with the origin it was meant for.
 */
export async function follow(
  ctx: Context,
  web: Web,
  policy: Policy,
  start: URL,
  headers: HeaderMap,
): Promise<WebResponse> {
  let url = start;
  let sent: HeaderMap = { 'accept-encoding': 'identity', 'user-agent': 'goREgo', ...withUser(start, headers) };
  for (let hops = 0; hops <= redirectsMax; hops++) {
    const response = await ask(ctx, web, policy, url, sent);
    if (response.status === 200) return response;
    await response[Symbol.asyncDispose]();
    const location = response.header('location');
    if (!redirects.has(response.status) || location === undefined) {
      throw new Failure(codeOf(response.status), `${url.host} answers ${response.status}`);
    }
    if (!URL.canParse(location, url.href)) throw new Failure('aborted', `${url.host} redirects to what is no URL`);
    const next = new URL(location, url);
    if (next.origin !== url.origin) sent = withoutSecrets(sent);
    url = next;
  }
  throw new Failure('aborted', `${start.host} redirects more than ${redirectsMax} times`);
}

async function ask(ctx: Context, web: Web, policy: Policy, url: URL, headers: HeaderMap): Promise<WebResponse> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Failure('permission_denied', `a redirect to ${url.protocol} is not followed`);
  }
  policy.checkUrl(url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) === 0 ? await web.resolve(ctx, host) : [host];
  if (addresses.length === 0) throw new Failure('unavailable', `${host} has no address`);
  policy.checkAddresses(host, addresses);
  return web.get(ctx, url, addresses, headers);
}

/** Names and passwords in a URL are sent as a header, as every HTTP client does. */
function withUser({ username, password }: URL, headers: HeaderMap): HeaderMap {
  if (username === '' && password === '') return headers;
  const plain = `${decoded(username)}:${decoded(password)}`;
  return { authorization: `Basic ${Buffer.from(plain).toString('base64')}`, ...headers };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What an origin's status means to who asked for content. */
function codeOf(status: number): Code {
  switch (status) {
    case 404:
    case 410:
      return 'not_found';
    case 401:
    case 403:
    case 407:
    case 451:
      return 'permission_denied';
    case 408:
    case 504:
      return 'deadline_exceeded';
    case 429:
      return 'resource_exhausted';
    default:
      return status >= 500 ? 'unavailable' : 'aborted';
  }
}
