/**
 * Which URLs are meant by `SCHEME://HOST[:PORT][/PATH]`: the scheme `http`, `https` or `file`; the host a name, an
 * address, `*.NAME` for all below a name, or `*`; the port the scheme's own unless given, `*` for any; and the path with
 * all below it. `file:///PATH` has no host.
 */
export interface UrlPattern {
  readonly scheme: 'http' | 'https' | 'file';
  readonly host: string;
  /** `''` is the scheme's own, as in a URL. */
  readonly port: string;
  /** Without a slash at its end. */
  readonly path: string;
}

const grammar =
  /^(https?|file):\/\/(\*|\*\.[^*/:?#@]+|\[[0-9a-fA-F:.]+\]|[^*/:?#@[\]]*)(?::([0-9]{1,5}|\*))?(\/[^?#*]*)?$/;

/** Undefined for what is no pattern. */
export function parseUrlPattern(text: string): UrlPattern | undefined {
  const [, scheme, host = '', port = '', path = '/'] = grammar.exec(text) ?? [];
  if (scheme !== 'http' && scheme !== 'https' && scheme !== 'file') return undefined;
  if ((scheme === 'file') !== (host === '') || (scheme === 'file' && port !== '')) return undefined;
  const wild = /^\*\.?/.exec(host)?.[0] ?? '';
  // What a URL makes of the host, port and path is what URLs will have there.
  const like = `${scheme}://${host.slice(wild.length) || (scheme === 'file' ? '' : 'any')}${/^[0-9]/.test(port) ? `:${port}` : ''}${path}`;
  if (!URL.canParse(like)) return undefined;
  const url = new URL(like);
  return {
    scheme,
    host: host === '*' ? '*' : wild + url.hostname,
    port: port === '*' ? '*' : url.port,
    path: url.pathname.replace(/\/+$/, ''),
  };
}

/** Never true of a path below the root that hides separators: who decodes it may see another path than we. */
export function matches(pattern: UrlPattern, url: URL): boolean {
  if (url.protocol !== `${pattern.scheme}:`) return false;
  if (!isHost(pattern.host, url.hostname)) return false;
  if (pattern.port !== '*' && pattern.port !== url.port) return false;
  if (pattern.path === '') return true;
  if (/%2f|%5c|\\/i.test(url.pathname)) return false;
  return url.pathname === pattern.path || url.pathname.startsWith(`${pattern.path}/`);
}

function isHost(pattern: string, host: string): boolean {
  if (pattern === '*') return true;
  // `example.com.` is the same host to a resolver.
  const name = host.replace(/\.$/, '');
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : name === pattern.replace(/\.$/, '');
}
