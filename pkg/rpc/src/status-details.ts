import { type Detail, Failure } from '@gorego/errors';
import { statusOf } from './status.ts';

/** The trailer that carries an encoded google.rpc.Status. */
export const statusDetailsTrailer = 'grpc-status-details-bin';

/** Beside the longest message, in base64, that is what trailers of 8 KiB have room for. */
const encodedBytesMax = 1000;

/**
 * The google.rpc.Status of a Failure that has details, encoded; undefined for others, and where it would not fit: details
 * are for convenience, and the status and its message are told in any case.
 */
export function statusDetails(reason: unknown): Uint8Array | undefined {
  if (!(reason instanceof Failure) || reason.details.length === 0) return undefined;
  const { code, message } = statusOf(reason);
  const encoded = Buffer.concat([
    Buffer.of(0x08, code), // code = 1
    field(2, Buffer.from(message)),
    ...reason.details.map((detail) => field(3, any(detail))),
  ]);
  return encoded.byteLength <= encodedBytesMax ? encoded : undefined;
}

function any({ typeUrl, value }: Detail): Buffer {
  return Buffer.concat([field(1, Buffer.from(typeUrl)), field(2, value)]);
}

function field(number: number, value: Uint8Array): Buffer {
  const length: number[] = [];
  let rest = value.byteLength;
  for (; rest >= 0x80; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.of((number << 3) | 2, ...length, rest), value]);
}
