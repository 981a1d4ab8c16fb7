import { ConnectionError, errorCode, flag } from './frames.ts';
import { HeaderBlockError, HeaderDecoder, type HeaderField } from './hpack/header-decoder.ts';

/** What a header block may have, encoded, and in how many frames: who sends more sends no request. */
const blockBytesMax = 64 * 1024;
const framesMax = 64;

const priorityBytes = 5;

/** A decoded header block. */
export interface HeaderBlock {
  readonly stream: number;
  readonly isEndOfStream: boolean;
  /** Undefined if they are more than is borne. */
  readonly fields: readonly HeaderField[] | undefined;
  /** The stream says that it depends on itself, which is an error of that stream (RFC 7540, section 5.3.1). */
  readonly isOwnParent: boolean;
}

/** Puts the header blocks of a connection together from their frames, and decodes them. */
export class HeaderBlocks {
  readonly #decoder: HeaderDecoder;
  #parts: Buffer[] = [];
  #bytes = 0;
  #begun: { stream: number; isEndOfStream: boolean; isOwnParent: boolean } | undefined;

  constructor(listBytesMax: number) {
    this.#decoder = new HeaderDecoder(listBytesMax);
  }

  /** Whether a block has begun and not ended: nothing else may come in between. */
  get isOpen(): boolean {
    return this.#begun !== undefined;
  }

  /** Takes a HEADERS frame; a block, if that is all of it. */
  begin(flags: number, stream: number, payload: Buffer): HeaderBlock | undefined {
    const isPadded = (flags & flag.padded) !== 0;
    const hasPriority = (flags & flag.priority) !== 0;
    const start = Number(isPadded) + (hasPriority ? priorityBytes : 0);
    const end = payload.byteLength - (isPadded ? (payload[0] ?? 0) : 0);
    if (start > end) throw new ConnectionError(errorCode.protocol, 'HEADERS have more padding than room for it');
    const isOwnParent = hasPriority && parentOf(payload, Number(isPadded)) === stream;
    this.#begun = { stream, isEndOfStream: (flags & flag.endStream) !== 0, isOwnParent };
    return this.#add(flags, payload.subarray(start, end));
  }

  /** Takes a CONTINUATION frame; a block, if that ends it. */
  go(flags: number, stream: number, payload: Buffer): HeaderBlock | undefined {
    if (this.#begun?.stream !== stream) {
      throw new ConnectionError(errorCode.protocol, `CONTINUATION of stream ${stream}, which has no block open`);
    }
    return this.#add(flags, payload);
  }

  #add(flags: number, part: Buffer): HeaderBlock | undefined {
    this.#bytes += part.byteLength;
    if (this.#bytes > blockBytesMax || this.#parts.length >= framesMax) {
      throw new ConnectionError(errorCode.enhanceYourCalm, `a header block beyond ${blockBytesMax} bytes`);
    }
    const begun = this.#begun;
    if ((flags & flag.endHeaders) === 0 || begun === undefined) {
      this.#parts.push(Buffer.from(part)); // It is only lent.
      return undefined;
    }
    const bytes = this.#parts.length === 0 ? part : Buffer.concat([...this.#parts, part]);
    this.#parts = [];
    this.#bytes = 0;
    this.#begun = undefined;
    return { ...begun, fields: this.#decoded(bytes) };
  }

  #decoded(bytes: Buffer): readonly HeaderField[] | undefined {
    try {
      return this.#decoder.decode(bytes);
    } catch (reason) {
      if (reason instanceof HeaderBlockError) throw new ConnectionError(errorCode.compression, reason.message);
      throw reason;
    }
  }
}

/** The stream that a priority names. */
export function parentOf(payload: Buffer, at: number): number {
  return payload.readUInt32BE(at) & 0x7fff_ffff;
}
