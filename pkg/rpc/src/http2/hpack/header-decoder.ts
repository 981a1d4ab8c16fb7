import { bytesOf, HeaderTable } from './header-table.ts';
import { huffmanDecoded } from './huffman.ts';
import { isWellFormed } from './well-formed.ts';

/** A header field, its bytes as Latin-1. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  /** Whether HTTP/2 has such a field; said here because most fields come many times, and are looked at once. */
  readonly isWellFormed: boolean;
}

/** What a peer may make this side remember for it: HTTP/2's default, which a server need not announce. */
export const tableBytesMax = 4096;

/** No integer in a header block has reason to be larger; more than four bytes more of it are refused. */
const integerBytesMax = 5;

/** A header block that breaks the rules of HPACK: the connection can't be understood from there on. */
export class HeaderBlockError extends Error {}

/**
 * Decodes the header blocks of one connection, in their order (RFC 7541). Every block has to pass through here, those
 * nobody wants as well, because later ones build on it.
 */
export class HeaderDecoder {
  readonly #table = new HeaderTable(tableBytesMax);
  readonly #listBytesMax: number;
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;

  /** `listBytesMax` bounds the fields of one block, by HTTP/2's measure: 32 bytes more for each. */
  constructor(listBytesMax: number) {
    this.#listBytesMax = listBytesMax;
  }

  /** The fields of a whole block; undefined if they are too many. HeaderBlockError for what is none. */
  decode(block: Uint8Array): HeaderField[] | undefined {
    this.#bytes = block;
    this.#at = 0;
    const fields: HeaderField[] = [];
    let listBytes = 0;
    while (this.#at < block.byteLength) {
      const field = this.#field(fields.length > 0);
      if (field === undefined) continue;
      listBytes += bytesOf(field);
      if (listBytes <= this.#listBytesMax) fields.push(field);
    }
    return listBytes <= this.#listBytesMax ? fields : undefined;
  }

  /** The next field; undefined where the table's size is changed instead (RFC 7541, section 6). */
  #field(isAfterField: boolean): HeaderField | undefined {
    const first = this.#bytes[this.#at] as number;
    if (first >= 0x80) return this.#known(this.#integer(7));
    if (first >= 0x40) {
      const field = this.#literal(6);
      this.#table.add(field);
      return field;
    }
    if (first < 0x20) return this.#literal(4); // Whether it may ever be indexed is no matter here.
    if (isAfterField) throw new HeaderBlockError('the table is resized within a block');
    const bytes = this.#integer(5);
    if (bytes > tableBytesMax) throw new HeaderBlockError(`a table of ${bytes} bytes, more than ${tableBytesMax}`);
    this.#table.resize(bytes);
    return undefined;
  }

  #known(index: number): HeaderField {
    const field = this.#table.at(index);
    if (field === undefined) throw new HeaderBlockError(`there is no field ${index}`);
    return field;
  }

  #literal(prefixBits: number): HeaderField {
    const index = this.#integer(prefixBits);
    const name = index === 0 ? this.#string() : this.#known(index).name;
    const value = this.#string();
    return { name, value, isWellFormed: isWellFormed(name, value) };
  }

  #string(): string {
    const isHuffman = ((this.#bytes[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#bytes.byteLength) throw new HeaderBlockError('it ends within a string');
    this.#at = end;
    if (!isHuffman) return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, length).toString('latin1');
    const text = huffmanDecoded(this.#bytes, start, end);
    if (text === undefined) throw new HeaderBlockError('a string that is no Huffman code');
    return text;
  }

  #integer(prefixBits: number): number {
    const prefixMax = (1 << prefixBits) - 1;
    const value = this.#byte() & prefixMax;
    if (value < prefixMax) return value;
    let more = 0;
    for (let i = 0; i < integerBytesMax - 1; i++) {
      const byte = this.#byte();
      more += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value + more;
    }
    throw new HeaderBlockError('an integer of too many bytes');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new HeaderBlockError('it ends within a field');
    return byte;
  }
}
