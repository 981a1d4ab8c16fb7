import type { Context } from '@gorego/context';
import type { HeaderMap } from '../request/origin-headers.ts';

/** The network, as fetching is allowed to use it. Production gives `nodeWeb`; tests give a simulated one. */
export interface Web {
  /** Every address of a host, in the order to try them. `unavailable` if it has none. */
  resolve(ctx: Context, host: string): Promise<readonly string[]>;
  /**
   * Asks once, by GET, following nothing, over a connection to one of `addresses` and no other. Fails as connections
   * do: `unavailable`, and `permission_denied` for a certificate that does not hold.
   */
  get(ctx: Context, url: URL, addresses: readonly string[], headers: HeaderMap): Promise<WebResponse>;
}

/** An answer whose headers are here. Its owner reads the body to its end, or disposes it. */
export interface WebResponse extends AsyncDisposable {
  readonly status: number;
  header(name: string): string | undefined;
  /** As sent: no content coding is undone. Fails with `unavailable` if it breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
}
