import type { Status } from '../status.ts';
import { statusDetailsTrailer } from '../status-details.ts';

/** Lengths below it take one byte. */
const lengthPrefixMax = 127;

/** `:status: 200`, in HPACK's static table. */
const status200 = Buffer.of(0x88);

/** Header blocks that use no table but the static one (RFC 7541, section 6.2.2). */
export const answerHead: Buffer = Buffer.concat([status200, field('content-type', 'application/grpc')]);

export const okTrailers: Buffer = field('grpc-status', '0');

/** How an answer ends. */
export function trailers({ code, message }: Status, details: Uint8Array | undefined): Buffer {
  const fields = [field('grpc-status', `${code}`)];
  if (message !== '') fields.push(field('grpc-message', encodeURI(message)));
  if (details !== undefined) fields.push(field(statusDetailsTrailer, Buffer.from(details).toString('base64')));
  return Buffer.concat(fields);
}

/** A literal without indexing, its name and value as they are. */
export function field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0), string(name), string(value)]);
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([length(bytes.byteLength), bytes]);
}

function length(value: number): Buffer {
  if (value < lengthPrefixMax) return Buffer.of(value);
  const bytes = [lengthPrefixMax];
  let rest = value - lengthPrefixMax;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
