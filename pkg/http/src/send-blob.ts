import { throwIfEnded } from '@gorego/context';
import { Digest } from '@gorego/digest';
import type { BlobReader, BlobStore } from '@gorego/storage';
import { wantedSpan } from './byte-ranges.ts';
import type { Exchange, ResponseHeaders } from './exchange.ts';
import type { Store } from './store.ts';

/** What is smaller is sent as it is: it would not be smaller. */
const compressedFromBytes = 1024;

/**
 * Answers GET or HEAD with a blob: all of it or the range that is wanted, by zstd if the client takes that, or 304 if
 * the client has it already. False if the blob is not there; nothing is answered then.
 */
export async function sendBlob(
  exchange: Exchange,
  blobs: BlobStore,
  digest: Digest,
  { activity, codecs }: Pick<Store, 'activity' | 'codecs'>,
  more: ResponseHeaders = {},
): Promise<boolean> {
  const sizeBytes = Digest.sizeBytes(digest);
  const etag = `"${Digest.hex(digest)}"`;
  const about = { etag, 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes', ...more };
  const isHere = async (): Promise<boolean> => (await blobs.findMissing(exchange, new Set([digest]))).size === 0;
  if (isKnownToClient(exchange.header('if-none-match'), Digest.hex(digest))) {
    if (!(await isHere())) return false;
    exchange.answer(304, '', about);
    return true;
  }
  if (exchange.method === 'HEAD') {
    if (!(await isHere())) return false;
    exchange.response.writeHead(200, { ...about, 'content-length': sizeBytes }).end();
    return true;
  }
  const ifRange = exchange.header('if-range');
  const span = ifRange === undefined || ifRange === etag ? wantedSpan(exchange.header('range'), sizeBytes) : undefined;
  if (span === 'none') {
    if (!(await isHere())) return false;
    exchange.answer(416, '', { ...about, 'content-range': `bytes */${sizeBytes}` });
    return true;
  }
  const range = span && { offset: span.start, limit: span.end - span.start };
  const found = await blobs.get(exchange, digest, range);
  if (found === undefined) return false;
  await using blob = found;
  if (span === undefined && sizeBytes >= compressedFromBytes && takesZstd(exchange.header('accept-encoding'))) {
    const headers = {
      ...about,
      etag: `"${Digest.hex(digest)}-zstd"`,
      'content-encoding': 'zstd',
      vary: 'accept-encoding',
    };
    await stream(exchange, 200, headers, codecs.zstd.compress(blob, sizeBytes));
  } else if (span === undefined) {
    await send(exchange, 200, { ...about, 'content-length': sizeBytes }, blob);
  } else {
    const where = {
      'content-length': blob.sizeBytes,
      'content-range': `bytes ${span.start}-${span.end - 1}/${sizeBytes}`,
    };
    await send(exchange, 206, { ...about, ...where }, blob);
  }
  activity.served(exchange.caller, blob.sizeBytes);
  return true;
}

/** What is in memory goes out at once, with its headers: it takes up the same memory waiting there. */
async function send(exchange: Exchange, status: number, headers: ResponseHeaders, blob: BlobReader): Promise<void> {
  if (blob.bytes === undefined) return stream(exchange, status, headers, blob, blob.recycle);
  throwIfEnded(exchange);
  exchange.response.writeHead(status, headers).end(blob.bytes);
}

/** The status goes with the first chunk: what fails before that can still be told. */
async function stream(
  exchange: Exchange,
  status: number,
  headers: ResponseHeaders,
  chunks: AsyncIterable<Uint8Array>,
  recycle?: (chunk: Uint8Array) => void,
): Promise<void> {
  for await (const chunk of chunks) {
    if (!exchange.response.headersSent) exchange.response.writeHead(status, headers);
    await exchange.write(chunk, recycle && (() => recycle(chunk)));
  }
  if (!exchange.response.headersSent) exchange.response.writeHead(status, headers);
  exchange.response.end();
}

function isKnownToClient(ifNoneMatch: string | undefined, hex: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.some((tag) => tag === '*' || tag === `"${hex}"` || tag === `"${hex}-zstd"`);
}

function takesZstd(acceptEncoding = ''): boolean {
  return /(^|[,\s])zstd\s*(;\s*q=(1(\.0*)?|0\.[0-9]*[1-9][0-9]*)\s*)?(,|$)/i.test(acceptEncoding);
}
