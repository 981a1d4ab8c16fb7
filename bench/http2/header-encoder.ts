/** A connection begins with no table beyond this, whatever the peer's settings will say (RFC 9113, section 6.5.2). */
export const tableBytesMax = 4096;

/** HPACK's static table comes first in the numbering; this encoder has no need of it. */
const staticEntries = 61;

/** Above it, an index or a length takes more than the 7 bits of its first byte. */
const prefixMax = 127;

/**
 * Encodes the headers of one connection's requests by HPACK (RFC 7541). What was sent once is one byte from then on, as
 * with any client that makes the same call many times.
 */
export class HeaderEncoder {
  readonly #entries = new Map<string, number>();
  #tableBytes = 0;

  encode(headers: Iterable<readonly [name: string, value: string]>): Buffer {
    const parts: Buffer[] = [];
    for (const [name, value] of headers) {
      const key = `${name}\0${value}`;
      const entry = this.#entries.get(key);
      if (entry !== undefined) {
        parts.push(Buffer.of(0x80 | (staticEntries + this.#entries.size - entry)));
        continue;
      }
      parts.push(Buffer.of(this.#admit(key) ? 0x40 : 0), text(name), text(value));
    }
    return Buffer.concat(parts);
  }

  /** Puts a header into the table if it fits: nothing is ever evicted, so entries keep their order. */
  #admit(key: string): boolean {
    const bytes = key.length - 1 + 32; // RFC 7541, section 4.1: 32 beyond the name and the value.
    const size = this.#entries.size;
    if (this.#tableBytes + bytes > tableBytesMax || staticEntries + size + 1 >= prefixMax) return false;
    this.#entries.set(key, size);
    this.#tableBytes += bytes;
    return true;
  }
}

/** A string as it is, without Huffman's code. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([length(bytes.length), bytes]);
}

function length(value: number): Buffer {
  if (value < prefixMax) return Buffer.of(value);
  const bytes = [prefixMax];
  let rest = value - prefixMax;
  for (; rest >= 0x80; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
