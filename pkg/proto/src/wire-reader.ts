import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';

/** Bytes that are no protobuf message, or hold a number that no field here can. The message says where and why. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** How a value is encoded. Groups (3 and 4), which no message here has, are malformed. */
export const WireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
export type WireType = (typeof WireType)[keyof typeof WireType];

/**
 * Walks the fields of one encoded message in the order they come, for what must not decode it whole.
 *
 *     for (const reader = new WireReader(request); reader.next(); ) {
 *       if (reader.field === 2) digests.push(readDigest(reader.message()));
 *     }
 *
 * A value is read at most once, or passed over. Whatever the bytes are, nothing but a WireError is thrown, nothing
 * outside of them is read, and the walk ends.
 */
export class WireReader {
  /** Number of the current field; 0 before the first. */
  field = 0;
  /** How the value of the current field is encoded. */
  wireType: WireType = WireType.varint;

  // A Buffer, for its fast conversion to strings.
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  #unread = false;
  // What #varint64 read: 28 bits, 28 bits, 8 bits.
  #low = 0;
  #middle = 0;
  #high = 0;

  /**
   * Reads `bytes` from `start` up to `end`: by default, all of them. They are neither copied nor changed, and must not
   * change either while this or what it gave is in use.
   */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    if (!(0 <= start && start <= end && end <= bytes.length))
      assert.fail(`${start} to ${end} is not within ${bytes.length} bytes`);
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = start;
    this.#end = end;
  }

  /** Where the next byte is that has not been read, from the beginning of the bytes. */
  get at(): number {
    return this.#at;
  }

  /** Moves to the next field. False at the end of the message. */
  next(): boolean {
    if (this.#unread) this.skip();
    if (this.#at === this.#end) return false;
    const start = this.#at;
    const tag = this.#unsigned();
    if (tag > 0xffffffff) throw this.#malformed(`there is no field ${Math.floor(tag / 8)}`, start);
    const wireType = tag & 7;
    const field = tag >>> 3;
    if (field === 0) throw this.#malformed(`there is no field ${field}`, start);
    if (!isWireType(wireType)) throw this.#malformed(`field ${field} has wire type ${wireType}`, start);
    this.field = field;
    this.wireType = wireType;
    this.#unread = true;
    return true;
  }

  /** A uint64, uint32 or bool (not 0 is true). One beyond 2^53 - 1 is an error. */
  varint(): number {
    this.#expect(WireType.varint);
    return this.#unsigned();
  }

  /** An int64, int32 or enum. One beyond ±(2^53 - 1) is an error. */
  int64(): number {
    this.#expect(WireType.varint);
    return this.#signed();
  }

  /** A bytes, string or message, as a view of the bytes this reads: no copy. */
  bytes(): Buffer {
    const start = this.#startOfBytes();
    return this.#bytes.subarray(start, this.#at);
  }

  /** A message, to be read in turn. */
  message(): WireReader {
    const start = this.#startOfBytes();
    return new WireReader(this.#bytes, start, this.#at);
  }

  /** A string. One that is no UTF-8 is an error. */
  string(): string {
    const start = this.#startOfBytes();
    const value = this.#bytes.toString('utf8', start, this.#at);
    // That puts U+FFFD for what is no UTF-8; but a text may have one of its own.
    if (value.includes('\ufffd') && !isUtf8(this.#bytes.subarray(start, this.#at)))
      throw this.#malformed(`field ${this.field} is no UTF-8`, start);
    return value;
  }

  /** A bytes or string field of ASCII. What isn't becomes characters that no ASCII text has. */
  ascii(): string {
    const start = this.#startOfBytes();
    return this.#bytes.toString('latin1', start, this.#at);
  }

  /** Adds the int64, int32 or enum values of one occurrence of a repeated field, packed or not, to `values`. */
  int64s(values: number[]): void {
    if (this.wireType === WireType.varint) {
      values.push(this.int64());
      return;
    }
    for (const packed = this.message(); packed.#at < packed.#end; ) values.push(packed.#signed());
  }

  /** Passes over the value of the current field. `next` does so too. */
  skip(): void {
    this.#unread = false;
    switch (this.wireType) {
      case WireType.varint:
        this.#varint64();
        return;
      case WireType.fixed64:
        this.#at = this.#endOf(8);
        return;
      case WireType.bytes:
        this.#at = this.#endOf(this.#unsigned());
        return;
      case WireType.fixed32:
        this.#at = this.#endOf(4);
        return;
      default:
        this.wireType satisfies never;
    }
  }

  #expect(wireType: WireType): void {
    if (!this.#unread) assert.fail(`field ${this.field} has been read already`);
    if (this.wireType !== wireType)
      throw this.#malformed(`field ${this.field} has wire type ${this.wireType}, not ${wireType}`, this.#at);
    this.#unread = false;
  }

  /** Moves to the end of a value that starts with its length, and says where its bytes start. */
  #startOfBytes(): number {
    this.#expect(WireType.bytes);
    const length = this.#unsigned();
    const start = this.#at;
    this.#at = this.#endOf(length);
    return start;
  }

  #endOf(length: number): number {
    const left = this.#end - this.#at;
    if (length > left) throw this.#malformed(`${length} bytes are announced and ${left} are left`, this.#at);
    return this.#at + length;
  }

  #unsigned(): number {
    const start = this.#at;
    const small = this.#small();
    if (small !== undefined) return small;
    this.#varint64();
    const value = this.#low + this.#middle * 2 ** 28 + this.#high * 2 ** 56;
    if (value > Number.MAX_SAFE_INTEGER) throw this.#malformed(`${value} is beyond 2^53 - 1`, start);
    return value;
  }

  #signed(): number {
    const start = this.#at;
    const small = this.#small();
    if (small !== undefined) return small;
    this.#varint64();
    // Two's complement: a negative number is one less than the inverse of its bits.
    const negative = this.#high >= 0x80;
    const flip28 = negative ? 0xfffffff : 0;
    const flip8 = negative ? 0xff : 0;
    const value = (this.#low ^ flip28) + (this.#middle ^ flip28) * 2 ** 28 + (this.#high ^ flip8) * 2 ** 56;
    const signed = negative ? -1 - value : value;
    if (!Number.isSafeInteger(signed)) throw this.#malformed(`${signed} is beyond 2^53 - 1`, start);
    return signed;
  }

  /** The fast way for what takes at most 4 bytes, as nearly all numbers do. Else reads nothing. */
  #small(): number | undefined {
    const end = Math.min(this.#end, this.#at + 4);
    let value = 0;
    for (let at = this.#at, shift = 0; at < end; at++, shift += 7) {
      const byte = this.#bytes[at] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#at = at + 1;
        return value;
      }
    }
    return undefined;
  }

  #varint64(): void {
    const start = this.#at;
    this.#low = 0;
    this.#middle = 0;
    this.#high = 0;
    for (let i = 0; i < 10; i++) {
      if (start + i === this.#end) throw this.#malformed('the message ends inside a number', start);
      const byte = this.#bytes[start + i] as number;
      if (i < 4) this.#low |= (byte & 0x7f) << (7 * i);
      else if (i < 8) this.#middle |= (byte & 0x7f) << (7 * (i - 4));
      else this.#high |= (byte & 0x7f) << (7 * (i - 8));
      if (byte < 0x80) {
        if (this.#high > 0xff) break;
        this.#at = start + i + 1;
        return;
      }
    }
    throw this.#malformed('a number has more than 64 bits', start);
  }

  #malformed(why: string, at: number): WireError {
    return new WireError(`${why}, at byte ${at} of ${this.#end}`);
  }
}

function isWireType(value: number): value is WireType {
  return (
    value === WireType.varint || value === WireType.bytes || value === WireType.fixed32 || value === WireType.fixed64
  );
}
