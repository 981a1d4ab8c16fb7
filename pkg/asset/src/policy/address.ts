/** An IPv6 address, 16 bytes. An IPv4 address is the IPv6 one that stands for it (`::ffff:a.b.c.d`). */
export type Address = readonly number[];

/** Reads an address as people and resolvers write it; undefined for anything else, a zone (`%eth0`) included. */
export function parseAddress(text: string): Address | undefined {
  const four = parseFour(text);
  if (four !== undefined) return [...mappedPrefix, ...four];
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const before = parseGroups(head, tail === undefined);
  const after = tail === undefined ? [] : parseGroups(tail, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 16 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  return [...before, ...new Array<number>(missing).fill(0), ...after];
}

const mappedPrefix: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

function parseFour(text: string): number[] | undefined {
  if (!/^(?:(?:0|[1-9][0-9]{0,2})(?:\.|$)){4}(?<!\.)$/.test(text)) return undefined;
  const bytes = text.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

/** The bytes of `a:b:c`. What ends an address may end in an IPv4 one. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    const four = isEnd && i === parts.length - 1 ? parseFour(part) : undefined;
    if (four !== undefined) bytes.push(...four);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part))
      bytes.push(Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255);
    else return undefined;
  }
  return bytes;
}

/** Addresses that begin with the same bits. */
export interface Network {
  readonly prefix: Address;
  readonly bits: number;
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address; undefined for anything else, and for bits beyond the prefix. */
export function parseNetwork(text: string): Network | undefined {
  const [, host = '', length] = /^([^/]*)(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  const prefix = parseAddress(host);
  if (prefix === undefined) return undefined;
  const widest = host.includes(':') ? 128 : 32;
  const said = length === undefined ? widest : Number(length);
  if (said > widest) return undefined;
  const network = { prefix, bits: said + 128 - widest };
  const isWhole = prefix.every((byte, i) => (byte & ~maskOf(network.bits, i)) === 0);
  return isWhole ? network : undefined;
}

export function isIn(address: Address, { prefix, bits }: Network): boolean {
  return address.every((byte, i) => ((byte ^ (prefix[i] ?? 0)) & maskOf(bits, i)) === 0);
}

/** Which bits of byte `i` are among the first `bits`. */
function maskOf(bits: number, i: number): number {
  const own = Math.min(8, Math.max(0, bits - 8 * i));
  return (0xff00 >> own) & 0xff;
}
