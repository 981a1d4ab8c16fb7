import type { Codec } from '@gorego/compression';
import type { Context } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import type { Random } from '@gorego/platform';
import { methodPath, writeLengthDelimitedHeader } from '@gorego/proto';
import {
  ByteStreamDefinition,
  QueryWriteStatusRequest,
  QueryWriteStatusResponse,
  WriteRequest,
  WriteResponse,
} from '@gorego/proto/google/bytestream/bytestream';
import type { Message } from '@gorego/rpc';
import type { BlobReader } from '@gorego/storage';
import { writeName } from './resource-names.ts';
import { received, type Upstream } from './upstream.ts';

const writePath = methodPath(ByteStreamDefinition, 'write');
const queryPath = methodPath(ByteStreamDefinition, 'queryWriteStatus');

/** WriteRequest.data. */
const dataField = 10;

/** Gives a blob's bytes from an offset on, as often as asked; its reader's owner is who asks. */
export type Source = (offset: number) => Promise<BlobReader>;

/**
 * Writes a blob by ByteStream. When the stream is cut, the upstream is asked how far it got, and the rest is sent from
 * there; `source` is opened anew each time. Not acknowledged unless the upstream says that it has all of it.
 */
export async function upload(
  ctx: Context,
  upstream: Upstream,
  random: Random,
  instance: string,
  digest: Digest,
  source: Source,
): Promise<void> {
  const { streams: codec } = upstream.codecs();
  const name = writeName(instance, uuidOf(random), digest, codec);
  let offset = 0;
  await upstream.retries.run(ctx, async (tries) => {
    if (tries > 0) {
      const status = await progress(ctx, upstream, name);
      if (status.complete) return;
      // Not every server counts uncompressed bytes when it says how far a compressed upload is.
      if (codec === undefined) offset = status.committedSize;
    }
    await once(ctx, upstream, { name, digest, codec, offset }, await source(offset));
  });
}

/** The same for a blob that can be read but once: what is cut stays cut, for who has the bytes to try again. */
export async function uploadOnce(
  ctx: Context,
  upstream: Upstream,
  random: Random,
  instance: string,
  digest: Digest,
  blob: BlobReader,
): Promise<void> {
  const { streams: codec } = upstream.codecs();
  const name = writeName(instance, uuidOf(random), digest, codec);
  await once(ctx, upstream, { name, digest, codec, offset: 0 }, blob);
}

interface Upload {
  readonly name: string;
  readonly digest: Digest;
  readonly codec: Codec | undefined;
  /** Where in the blob the reader begins. */
  readonly offset: number;
}

async function once(
  ctx: Context,
  { client, thresholds }: Upstream,
  { name, digest, codec, offset }: Upload,
  blob: BlobReader,
): Promise<void> {
  await using owned = blob;
  let sentTo = offset;
  const counted = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      sentTo += chunk.byteLength;
      yield chunk;
    }
  };
  const sent = counted(codec === undefined ? owned : codec.compress(owned, owned.sizeBytes));
  const response = await client.clientStream(ctx, writePath, requests(name, sent, offset, thresholds.piece));
  const { committedSize } = received(WriteResponse, response);
  // -1 is how an upload that ended early is told of a blob that was there already, if it was compressed. Of one that came
  // to its end, some servers count the compressed bytes, some the blob's.
  const fine = codec === undefined ? [Digest.sizeBytes(digest), -1] : [sentTo, Digest.sizeBytes(digest), -1];
  if (!fine.includes(committedSize)) {
    throw new Failure('internal', `it kept ${committedSize} bytes of ${digest}`);
  }
}

/** The name in the first message alone, `finish_write` with the last data. One chunk is held to know which that is. */
async function* requests(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  from: number,
  messageBytes: number,
): AsyncGenerator<Message> {
  let held: Uint8Array | undefined;
  let position = from;
  const next = (data: Uint8Array, finishWrite: boolean): Message => {
    const resourceName = position === from ? name : '';
    const head = WriteRequest.encode({ resourceName, writeOffset: position, finishWrite, data: empty }).finish();
    position += data.byteLength;
    return data.byteLength === 0 ? head : [head, writeLengthDelimitedHeader(dataField, data.byteLength), data];
  };
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += messageBytes) {
      if (held !== undefined) yield next(held, false);
      held = chunk.subarray(at, at + messageBytes);
    }
  }
  yield next(held ?? empty, true);
}

const empty = new Uint8Array();

/** How far an upload got; nothing, for a server that can't say or doesn't know it. */
async function progress(
  ctx: Context,
  { client }: Upstream,
  resourceName: string,
): Promise<{ committedSize: number; complete: boolean }> {
  try {
    const response = await client.unary(ctx, queryPath, QueryWriteStatusRequest.encode({ resourceName }).finish());
    return received(QueryWriteStatusResponse, response);
  } catch (reason) {
    if (reason instanceof Failure && (reason.code === 'unimplemented' || reason.code === 'not_found')) {
      return { committedSize: 0, complete: false };
    }
    throw reason;
  }
}

/** A version 4 UUID. */
function uuidOf(random: Random): string {
  const hex = random.hex(16);
  const variant = '89ab'[Number.parseInt(hex[16] ?? '0', 16) % 4];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-');
}
