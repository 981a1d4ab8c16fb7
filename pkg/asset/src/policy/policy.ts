import { Failure } from '@gorego/errors';
import { isIn, type Network, parseAddress, parseNetwork } from './address.ts';
import { isPublic } from './public-address.ts';
import { matches, parseUrlPattern, type UrlPattern } from './url-pattern.ts';

export interface PolicyInit {
  /** Patterns of URLs, as `parseUrlPattern` takes them. None allows nothing. */
  readonly allow: readonly string[];
  /** Networks that may be asked although they are not public: `10.1.0.0/16`. */
  readonly allowNetworks: readonly string[];
}

/** What may be fetched, and from where. It decides alone: it asks no resolver and opens nothing. */
export class Policy {
  readonly #patterns: readonly UrlPattern[];
  readonly #networks: readonly Network[];

  /** `invalid_argument` for what is no pattern or no network. */
  constructor({ allow, allowNetworks }: PolicyInit) {
    this.#patterns = allow.map((text) => parsed(parseUrlPattern, text, 'remote_asset.allow', 'a pattern of URLs'));
    this.#networks = allowNetworks.map((text) =>
      parsed(parseNetwork, text, 'remote_asset.allow_networks', 'a network'),
    );
  }

  /** The path of the pattern that covers the URL; `permission_denied` if there is none, which says the key to have one. */
  checkUrl(url: URL): string {
    const pattern = this.#patterns.find((each) => matches(each, url));
    if (pattern !== undefined) return pattern.path;
    const what = url.protocol === 'file:' ? `file://${url.pathname}` : url.origin;
    throw new Failure('permission_denied', `${what} is not among what remote_asset.allow lets this server fetch`);
  }

  /**
   * `permission_denied` unless every address of the host may be asked: who answers one of them with a private address
   * is not to be trusted with the others.
   */
  checkAddresses(host: string, addresses: readonly string[]): void {
    for (const text of addresses) {
      const address = parseAddress(text);
      if (address !== undefined && (isPublic(address) || this.#networks.some((network) => isIn(address, network))))
        continue;
      throw new Failure(
        'permission_denied',
        `${host} is at ${text}, which is not public and not in remote_asset.allow_networks`,
      );
    }
  }
}

function parsed<T>(parse: (text: string) => T | undefined, text: string, key: string, expects: string): T {
  const value = parse(text);
  if (value === undefined) throw new Failure('invalid_argument', `${key}: ${JSON.stringify(text)} is not ${expects}`);
  return value;
}
