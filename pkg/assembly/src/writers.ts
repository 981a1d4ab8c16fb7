import { isIn, parseAddress, parseNetwork } from '@gorego/asset';
import type { Config } from '@gorego/config';
import type { Caller } from '@gorego/context';
import { Failure } from '@gorego/errors';
import { instancePattern } from './instance-pattern.ts';

/** Who may write to an instance: the one place where it is decided. */
export type Writers = (instance: string, caller: Caller) => boolean;

/**
 * Whom the configuration lets write: where it names instances, to those alone; where it names networks, from those alone.
 * A caller whose address can't be told is in none. `invalid_argument` for what is no pattern or no network.
 */
export function writersOf({ instances, networks }: Config['writers']): Writers {
  const patterns = instances?.map(instancePattern);
  const from = networks?.filter((text) => text !== 'none').map(networkOf);
  return (instance, { peer }) => {
    if (patterns?.some((pattern) => pattern.matches(instance)) === false) return false;
    if (from === undefined) return true;
    const address = addressOf(peer);
    return address !== undefined && from.some((network) => isIn(address, network));
  };
}

function networkOf(text: string): NonNullable<ReturnType<typeof parseNetwork>> {
  const network = parseNetwork(text);
  if (network !== undefined) return network;
  throw new Failure('invalid_argument', `writers.networks: ${JSON.stringify(text)} is not a network`);
}

/** The address of `10.1.2.3:4567`, `::1:4567` or `[::1]:4567`; the interface it was reached by says nothing about it. */
function addressOf(peer: string): ReturnType<typeof parseAddress> {
  const [host = ''] = peer.slice(0, Math.max(0, peer.lastIndexOf(':'))).split('%');
  return parseAddress(host.replace(/^\[|\]$/g, ''));
}
