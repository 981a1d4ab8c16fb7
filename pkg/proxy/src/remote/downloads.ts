import type { Context } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { methodPath } from '@gorego/proto';
import { ByteStreamDefinition, ReadRequest, ReadResponse } from '@gorego/proto/google/bytestream/bytestream';
import { BlobReader, type Span } from '@gorego/storage';
import { readName } from './resource-names.ts';
import { received, type Upstream } from './upstream.ts';

const path = methodPath(ByteStreamDefinition, 'read');

/** Resumptions of one download without a byte in between. */
const fruitlessMax = 4;

/**
 * Reads a span of a blob by ByteStream, and goes on from where it was when the stream is cut. Undefined if the blob isn't
 * there. The bytes are not verified.
 */
export async function download(
  ctx: Context,
  upstream: Upstream,
  instance: string,
  digest: Digest,
  { start, end }: Span,
): Promise<BlobReader | undefined> {
  const resumed = resuming(ctx, upstream, instance, digest, { start, end });
  // Whether the blob is there shows with the first piece: it is taken before anything is promised.
  const first = await resumed.next().catch((reason: unknown) => {
    if (reason instanceof Failure && reason.code === 'not_found') return undefined;
    throw reason;
  });
  if (first === undefined) return undefined;
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    if (first.done === true) return;
    yield first.value;
    yield* resumed;
  };
  return new BlobReader({
    sizeBytes: end - start,
    chunks: chunks(),
    release: async () => void (await resumed.return(undefined)),
  });
}

async function* resuming(
  ctx: Context,
  upstream: Upstream,
  instance: string,
  digest: Digest,
  { start, end }: Span,
): AsyncGenerator<Uint8Array, void> {
  let position = start;
  for (let fruitless = 0; ; ) {
    const before = position;
    try {
      for await (const data of once(ctx, upstream, instance, digest, { start: position, end })) {
        position += data.byteLength;
        if (position > end)
          throw new Failure('data_loss', `it sent ${position - start} bytes of ${end - start} of ${digest}`);
        yield data;
      }
      if (position === end) return;
      throw new Failure('unavailable', `it ended ${digest} at byte ${position} of ${end}`);
    } catch (reason) {
      if (position === end && end > before) return; // All is here, however it ended.
      fruitless = position > before ? 0 : fruitless + 1;
      if (fruitless >= fruitlessMax || !(await upstream.retries.again(ctx, reason, Math.max(1, fruitless))))
        throw reason;
    }
  }
}

/** One Read, from where to where. What is whole may be compressed: some servers ignore a compressed read's offset. */
function once(
  ctx: Context,
  upstream: Upstream,
  instance: string,
  digest: Digest,
  { start, end }: Span,
): AsyncGenerator<Uint8Array> {
  const sizeBytes = Digest.sizeBytes(digest);
  const readLimit = end === sizeBytes ? 0 : end - start; // Some servers know no limit: they are asked for none.
  const { streams: codec } = upstream.codecs();
  if (codec === undefined || start > 0 || readLimit > 0) {
    return read(ctx, upstream, { resourceName: readName(instance, digest), readOffset: start, readLimit });
  }
  const request = { resourceName: readName(instance, digest, codec), readOffset: 0, readLimit: 0 };
  return codec.decompress(read(ctx, upstream, request), { bytesMax: sizeBytes, code: 'data_loss' });
}

async function* read(ctx: Context, { client }: Upstream, asked: ReadRequest): AsyncGenerator<Uint8Array> {
  const request = ReadRequest.encode(asked).finish();
  for await (const bytes of client.serverStream(ctx, path, request)) {
    const { data } = received(ReadResponse, bytes);
    if (data.byteLength > 0) yield data;
  }
}
