import { createHash, hash } from 'node:crypto';
import { ReadResponse, WriteResponse } from '@gorego/proto/google/bytestream/bytestream';
import { unframed } from '../grpc-client.ts';
import { LoadConnection } from '../http2/load-connection.ts';
import { type Named, read, writeMessage, writePath } from '../requests.ts';
import { childOf } from './child.ts';
import { MessageReader } from './message-reader.ts';

export interface LargeBlobJob {
  readonly port: number;
  readonly step: 'write' | 'read';
  readonly sizeBytes: number;
  /** The same seed makes the same blob. */
  readonly seed: string;
}

export interface LargeBlobResult {
  readonly elapsedMs: number;
}

/** Of a WriteRequest's data. */
const messageBytes = 64 * 1024;
/** What Java's gRPC gives a stream: with it a server can't lean on the client for buffers. */
const streamWindowBytes = 1024 * 1024;
const doneWithinMs = 600_000;

/** Writes or reads one blob, whole, and checks what is answered. The reader hashes as it goes, and sets the pace. */
await childOf<LargeBlobJob, LargeBlobResult>(async ({ port, step, sizeBytes, seed }) => {
  const connection = await LoadConnection.connect(port, { streamWindowBytes });
  const common = pseudoRandom(seed);
  const hasher = createHash('sha256');
  for (let at = 0; at < sizeBytes; at += messageBytes) hasher.update(pieceAt(common, at, sizeBytes));
  const blob = { hex: hasher.digest('hex'), sizeBytes };
  return async () => {
    const beginMs = performance.now();
    const patience = setTimeout(() => connection.close(), doneWithinMs); // Fails the call.
    if (step === 'write') await writeWhole(connection, blob, common);
    else await readWhole(connection, blob);
    clearTimeout(patience);
    connection.close();
    return { elapsedMs: performance.now() - beginMs };
  };
});

function pseudoRandom(seed: string): Buffer {
  const parts = Array.from({ length: messageBytes / 32 }, (_, i) => hash('sha256', `${seed} ${i}`, 'buffer'));
  return Buffer.concat(parts);
}

/** Different at every offset: it begins with that. */
function pieceAt(common: Buffer, at: number, sizeBytes: number): Buffer {
  const piece = Buffer.from(common.subarray(0, Math.min(messageBytes, sizeBytes - at)));
  piece.writeDoubleLE(at);
  return piece;
}

async function writeWhole(connection: LoadConnection, blob: Named, common: Buffer): Promise<void> {
  let at = 0;
  const answer = await call(connection, writePath, () => {
    if (at >= blob.sizeBytes) return undefined;
    const message = writeMessage(blob, at, pieceAt(common, at, blob.sizeBytes));
    at += messageBytes;
    return message;
  });
  const { committedSize } = WriteResponse.decode(unframed(answer)[0] ?? Buffer.alloc(0));
  if (committedSize !== blob.sizeBytes) throw new Error(`committed_size ${committedSize} of ${blob.sizeBytes}`);
}

async function readWhole(connection: LoadConnection, blob: Named): Promise<void> {
  const { path, body } = read(blob);
  const hasher = createHash('sha256');
  let rest: Uint8Array | undefined = body;
  const next = (): Uint8Array | undefined => {
    const piece = rest;
    rest = undefined;
    return piece;
  };
  const messages = new MessageReader((message) => hasher.update(ReadResponse.decode(message).data));
  await call(connection, path, next, (bytes) => messages.push(bytes));
  if (hasher.digest('hex') !== blob.hex) throw new Error('what was read is not what was written');
}

async function call(
  connection: LoadConnection,
  path: string,
  next: () => Uint8Array | undefined,
  onData?: (bytes: Buffer) => void,
): Promise<Buffer> {
  const kept: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    connection.call(path, {
      next,
      onData: onData ?? ((bytes) => void kept.push(Buffer.from(bytes))),
      onEnd: (problem) => (problem === undefined ? resolve() : reject(new Error(problem))),
    });
  });
  return Buffer.concat(kept);
}
