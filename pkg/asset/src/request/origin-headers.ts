import { Failure } from '@gorego/errors';

/** Names in lower case. */
export type HeaderMap = Readonly<Record<string, string>>;

/** What the connection itself is made of, and what would bring only a part of the content, is not for clients to say. */
const ownHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'if-range',
  'keep-alive',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What may go to another host than the one it was meant for. Anything else may be a secret, whatever it is called. */
const harmless: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'accept-language', 'user-agent']);

/** A header as a qualifier gives it. `invalid_argument`, without the value, for one that can't be sent. */
export function checkedHeader(qualifier: string, name: string, value: string): readonly [name: string, value: string] {
  const lower = name.toLowerCase();
  const refused = (why: string): Failure =>
    new Failure('invalid_argument', `the qualifier ${JSON.stringify(qualifier.slice(0, 200))}: ${why}`);
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower)) throw refused('not the name of a header');
  if (ownHeaders.has(lower) || lower.startsWith('proxy-')) throw refused('a header that only the server itself sends');
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw refused('its value can’t be that of a header');
  return [lower, value.trim()];
}

/** What of these headers may follow a redirect to another origin. */
export function withoutSecrets(headers: HeaderMap): HeaderMap {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => harmless.has(name)));
}
