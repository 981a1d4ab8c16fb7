import { crc32 } from 'node:zlib';
import { Digest, type DigestFunction, digestFunctions } from '@gorego/digest';

/** What a record in a segment is of. */
export interface RecordHeader {
  readonly kind: 'blob' | 'action';
  readonly digest: Digest;
  /** Whose result it is; empty for a blob. */
  readonly instance: string;
  /** How the body is written: 0 is as it is. */
  readonly encoding: number;
  /** What follows the header. Less than 4 GiB. */
  readonly bodyBytes: number;
  /** CRC-32 of a result's body; 0 for a blob, whose name is its check. */
  readonly check: number;
  /** When, in ticks. */
  readonly written: number;
}

/** What a look for a record came to. */
export type Found =
  | {
      readonly kind: 'record';
      readonly header: RecordHeader;
      readonly offset: number;
      readonly bodyOffset: number;
    }
  /** There is none that begins before `offset`; what begins there needs to be seen from there on, and more of it. */
  | { readonly kind: 'incomplete'; readonly offset: number };

/**
 * How a blob or a result is written down in a segment: a header that says all there is to know, with a checksum of
 * itself, and the bytes. Numbers are little-endian.
 *
 *      0  magic
 *      4  CRC-32 of the header from byte 8 on
 *      8  kind, digest function (REAPI's number), encoding, bytes of hash
 *     12  bytes of instance name, two spare
 *     16  bytes of body
 *     20  ticks
 *     24  size that the digest says, eight bytes
 *     32  CRC-32 of the body of a result
 *     36  the hash, the instance name
 */
export const SegmentRecord = {
  headerBytes({ digest, instance }: Pick<RecordHeader, 'digest' | 'instance'>): number {
    const hashBytes = Digest.function(digest).hexLength / 2;
    return fixedBytes + hashBytes + (instance === '' ? 0 : Buffer.byteLength(instance));
  },

  encode({ kind, digest, instance, encoding, bodyBytes, check, written }: RecordHeader): Buffer {
    const { number, hexLength } = Digest.function(digest);
    const hashBytes = hexLength / 2;
    const instanceBytes = instance === '' ? 0 : Buffer.byteLength(instance);
    const sizeBytes = Digest.sizeBytes(digest);
    const header = Buffer.allocUnsafe(fixedBytes + hashBytes + instanceBytes);
    header.writeUInt32LE(magic, 0);
    header[8] = kind === 'blob' ? 1 : 2;
    header[9] = number;
    header[10] = encoding;
    header[11] = hashBytes;
    header.writeUInt16LE(instanceBytes, 12);
    header.writeUInt16LE(0, 14);
    header.writeUInt32LE(bodyBytes, 16);
    header.writeUInt32LE(written, 20);
    header.writeUInt32LE(sizeBytes % 2 ** 32, 24);
    header.writeUInt32LE(Math.floor(sizeBytes / 2 ** 32), 28);
    header.writeUInt32LE(check, 32);
    header.write(Digest.hex(digest), fixedBytes, hashBytes, 'hex');
    if (instanceBytes > 0) header.write(instance, fixedBytes + hashBytes);
    header.writeUInt32LE(crc32(header.subarray(8)), 4);
    return header;
  },

  /**
   * The first record whose header is whole and right in `bytes` between `from` and `to`. What is damaged is passed over,
   * byte by byte: a header is told from noise by 64 bits.
   */
  find(bytes: Uint8Array, from: number, to: number): Found {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, to);
    for (let at = from; ; at++) {
      at = view.indexOf(magicBytes, at);
      if (at < 0) return { kind: 'incomplete', offset: Math.max(from, to - magicBytes.byteLength + 1) };
      if (at + fixedBytes > to) return { kind: 'incomplete', offset: at };
      const hashBytes = view[at + 11] as number;
      const bodyOffset = at + fixedBytes + hashBytes + view.readUInt16LE(at + 12);
      const isKnown = functionOf(view[at + 9] as number)?.hexLength === hashBytes * 2;
      if (!isKnown || bodyOffset - at > headerBytesMax) continue;
      if (bodyOffset > to) return { kind: 'incomplete', offset: at };
      if (crc32(view.subarray(at + 8, bodyOffset)) !== view.readUInt32LE(at + 4)) continue;
      const header = decoded(view, at, bodyOffset);
      if (header !== undefined) return { kind: 'record', header, offset: at, bodyOffset };
    }
  },
} as const;

const magic = 0x4773_6567;
const magicBytes = Buffer.of(0x67, 0x65, 0x73, 0x47);
const fixedBytes = 36;

/** The longest instance name that is written down. UTF-8. */
export const instanceBytesMax = 1024;
/** The most that a header can take: what must be seen at once to know a record. */
export const headerBytesMax: number = fixedBytes + 64 + instanceBytesMax;

const functions = new Map(Object.values(digestFunctions).map((known) => [known.number, known]));

function functionOf(number: number): DigestFunction | undefined {
  return functions.get(number);
}

function decoded(view: Buffer, at: number, bodyOffset: number): RecordHeader | undefined {
  const { name, hexLength } = functionOf(view[at + 9] as number) as DigestFunction;
  const hex = view.toString('hex', at + fixedBytes, at + fixedBytes + hexLength / 2);
  const sizeBytes = view.readUInt32LE(at + 24) + view.readUInt32LE(at + 28) * 2 ** 32;
  try {
    return {
      kind: view[at + 8] === 1 ? 'blob' : 'action',
      digest: Digest.of(name, hex, sizeBytes),
      instance: view.toString('utf8', at + fixedBytes + hexLength / 2, bodyOffset),
      encoding: view[at + 10] as number,
      bodyBytes: view.readUInt32LE(at + 16),
      check: view.readUInt32LE(at + 32),
      written: view.readUInt32LE(at + 20),
    };
  } catch {
    return undefined; // A right checksum over what no digest is.
  }
}
