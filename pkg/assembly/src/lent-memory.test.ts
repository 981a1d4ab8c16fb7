import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { type ClientHttp2Session, connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Digest } from '@gorego/digest';
import { methodPath } from '@gorego/proto';
import { ByteStreamDefinition as byteStream, ReadRequest } from '@gorego/proto/google/bytestream/bytestream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Running } from './assemble.ts';
import { assembled } from './testing/assembled.ts';

const readersAtOnce = 12;

/** More than the kernel keeps of a connection whose client doesn't read. */
const blobBytes = 14_000_000;
const timeoutMs = 60_000;

let directory: string;
let gorego: Running;
let session: ClientHttp2Session;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gorego-lent-'));
  gorego = await assembled(directory);
  // Windows so small that most of each answer waits for its reader.
  session = connect(`http://127.0.0.1:${gorego.rpc.address.port}`, { settings: { initialWindowSize: 100_000 } });
});
afterEach(async () => {
  session.destroy();
  await gorego[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** How a reader goes about it. */
interface Manner {
  /** Nothing more is taken until then. */
  readonly until: Promise<unknown>;
  /** How many bytes are enough. */
  readonly leavesAt: number;
  readonly onBegin: () => void;
}

/** What came of a blob by gRPC, without its messages' and fields' headers. */
async function readByGrpc(digest: Digest, manner: Manner): Promise<Buffer> {
  const call = session.request({
    ':method': 'POST',
    ':path': methodPath(byteStream, 'read'),
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const resourceName = `blobs/${Digest.hex(digest)}/${Digest.sizeBytes(digest)}`;
  const request = Buffer.from(ReadRequest.encode(ReadRequest.fromPartial({ resourceName })).finish());
  const header = Buffer.alloc(5);
  header.writeUInt32BE(request.byteLength, 1);
  call.end(Buffer.concat([header, request]));
  return dataIn(await taken(call, manner));
}

async function readByHttp(digest: Digest, manner: Manner): Promise<Buffer> {
  const { body } = await fetch(`http://127.0.0.1:${gorego.rpc.address.port}/cas/${Digest.hex(digest)}`);
  return await taken(body as AsyncIterable<Uint8Array>, manner);
}

async function taken(chunks: AsyncIterable<Uint8Array>, { until, leavesAt, onBegin }: Manner): Promise<Buffer> {
  const taken: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    taken.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= leavesAt) break;
    if (taken.length > 1) continue;
    onBegin();
    await until;
  }
  return Buffer.concat(taken);
}

/** The data of ReadResponses, as far as they have come. */
function dataIn(messages: Buffer): Buffer {
  const data: Buffer[] = [];
  for (let at = 0; at + 10 < messages.byteLength; ) {
    const end = at + 5 + messages.readUInt32BE(at + 1);
    let start = at + 6; // Past the field's tag, to its length.
    while ((messages[start] as number) >= 0x80) start++;
    data.push(messages.subarray(start + 1, end));
    at = end;
  }
  return Buffer.concat(data);
}

test(
  'large blobs come out as they are, though many read at once, slowly, and some leave',
  async () => {
    const blobs = Array.from({ length: 3 }, (_, i) => randomBytes(blobBytes + i));
    const digests = blobs.map((bytes) => Digest.ofBytes(bytes));
    for (const [i, digest] of digests.entries()) {
      const url = `http://127.0.0.1:${gorego.rpc.address.port}/cas/${Digest.hex(digest)}`;
      expect((await fetch(url, { method: 'PUT', body: blobs[i] as Buffer })).status).toBe(200);
    }
    const begun = Array.from({ length: readersAtOnce }, () => Promise.withResolvers<void>());
    const until = Promise.all(begun.map(({ promise }) => promise));
    const reading = begun.map(async ({ resolve }, i) => {
      const which = i % blobs.length;
      const leavesAt = i % 4 === 3 ? blobBytes / 2 : Number.POSITIVE_INFINITY;
      const read = i % 2 === 0 ? readByGrpc : readByHttp;
      const got = await read(digests[which] as Digest, { until, leavesAt, onBegin: resolve });
      const wanted = blobs[which] as Buffer;
      if (leavesAt > blobBytes) expect(got.byteLength).toBe(wanted.byteLength);
      expect(Buffer.compare(got, wanted.subarray(0, got.byteLength))).toBe(0);
    });
    await Promise.all(reading);
  },
  timeoutMs,
);
