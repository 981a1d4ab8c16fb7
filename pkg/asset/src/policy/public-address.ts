import { type Address, isIn, type Network, parseNetwork } from './address.ts';

/**
 * Can everybody on the Internet reach that address? What can't belongs to this machine, to the network it is in, or to
 * nobody (IANA's special-purpose registries), and so does what clouds answer to their own machines alone. A
 * translated address is what it is translated to.
 */
export function isPublic(address: Address): boolean {
  if (isIn(address, translated)) return isPublic([...mapped.prefix.slice(0, 12), ...address.slice(12)]);
  if (isIn(address, mapped)) return !privateFour.some((network) => isIn(address, network));
  return isIn(address, globalSix) && !privateSix.some((network) => isIn(address, network));
}

const mapped = known('::ffff:0:0/96');
/** NAT64: how a network that has only IPv6 reaches IPv4. */
const translated = known('64:ff9b::/96');
const globalSix = known('2000::/3');

const privateFour: readonly Network[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10', // Behind carriers; Alibaba's metadata.
  '127.0.0.0/8',
  '168.63.129.16/32', // Azure's host, to its guests.
  '169.254.0.0/16', // Link-local; most clouds' metadata.
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
].map(known);

const privateSix: readonly Network[] = [
  '2001::/23', // Protocols' own; Teredo, which hides an IPv4 address.
  '2001:db8::/32',
  '2002::/16', // 6to4, which hides one too.
  '3fff::/20',
].map(known);

function known(text: string): Network {
  const network = parseNetwork(text);
  if (network === undefined) throw new TypeError(`${text} is not a network`);
  return network;
}
