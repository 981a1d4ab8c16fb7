import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Directory, Tree } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { DigestMessage } from '../../wire-digest.ts';
import type { Reapi } from './reapi.ts';

export interface Blob {
  readonly bytes: Buffer;
  readonly digest: DigestMessage;
}

export function blobOf(bytes: Uint8Array): Blob {
  const hash = createHash('sha256').update(bytes).digest('hex');
  return {
    bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    digest: { hash, sizeBytes: bytes.byteLength },
  };
}

export const emptyBlob: Blob = blobOf(Buffer.of());

/** Different at every offset likely to be confused; its length is a prime. */
const pattern = Buffer.from(Uint8Array.from({ length: 1_048_573 }, (_, i) => i * 31 + (i >> 8) + (i >> 16)));

/** A blob that no server has seen before: random at its start, then a pattern. */
export function freshBlob(sizeBytes: number): Blob {
  const bytes = Buffer.alloc(sizeBytes, pattern);
  randomBytes(Math.min(32, sizeBytes)).copy(bytes);
  return blobOf(bytes);
}

const unheardOf = randomBytes(16).toString('hex');
let absentDigests = 0;

/** The digest of something nobody will ever upload, another each time. */
export function absentDigest(sizeBytes = 1234): DigestMessage {
  absentDigests++;
  return { hash: absentDigests.toString(16).padStart(32, '0').concat(unheardOf), sizeBytes };
}

export function readName({ hash, sizeBytes }: DigestMessage, instance = ''): string {
  return `${instance === '' ? '' : `${instance}/`}blobs/${hash}/${sizeBytes}`;
}

export function writeName(
  { hash, sizeBytes }: DigestMessage,
  { instance = '', uuid = randomUUID() as string }: { instance?: string; uuid?: string } = {},
): string {
  return `${instance === '' ? '' : `${instance}/`}uploads/${uuid}/blobs/${hash}/${sizeBytes}`;
}

export interface Piece {
  readonly resourceName: string;
  readonly writeOffset: number;
  readonly data: Buffer;
  readonly finishWrite: boolean;
}

/** A blob as the requests of one Write, named in the first alone, as Bazel does it. */
export function* piecesOf(
  { bytes, digest }: Blob,
  name: string = writeName(digest),
  pieceBytes: number = 64 * 1024,
): Generator<Piece> {
  for (let offset = 0; offset === 0 || offset < bytes.byteLength; offset += pieceBytes) {
    const data = bytes.subarray(offset, offset + pieceBytes);
    const finishWrite = offset + data.byteLength === bytes.byteLength;
    yield { resourceName: offset === 0 ? name : '', writeOffset: offset, data, finishWrite };
  }
}

/** Uploads, each by a Write of its own. */
export async function upload(api: Reapi, ...blobs: readonly Blob[]): Promise<void> {
  for (const blob of blobs) {
    assert.equal(await api.write(piecesOf(blob, undefined, 1024 * 1024)), blob.digest.sizeBytes);
  }
}

/** Demands that a blob can be read, and is itself. */
export async function assertReadable(api: Reapi, { digest, bytes }: Blob): Promise<void> {
  assertSame(await api.read(readName(digest)), bytes);
}

/** A digest as a key, to compare by: what was decoded may hold more than what it names. */
export function keyOf(digest: DigestMessage | undefined): string {
  return `${digest?.hash}/${digest?.sizeBytes}`;
}

/** Compares without printing a megabyte when it fails. */
export function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  const same = Buffer.compare(actual, expected) === 0;
  assert(same, `${actual.byteLength} bytes are not the ${expected.byteLength} expected`);
}

/** A Directory of what is named, as a blob. */
export function directoryOf(
  files: Readonly<Record<string, DigestMessage>>,
  directories: Readonly<Record<string, DigestMessage>> = {},
): Blob {
  const nodes = (named: Readonly<Record<string, DigestMessage>>): { name: string; digest: DigestMessage }[] =>
    Object.entries(named).map(([name, digest]) => ({ name, digest }));
  const directory = Directory.fromPartial({ files: nodes(files), directories: nodes(directories) });
  return blobOf(Directory.encode(directory).finish());
}

/** A Tree of directories, as a blob. */
export function treeOf(root: Blob, ...children: readonly Blob[]): Blob {
  const decoded = ({ bytes }: Blob): Directory => Directory.decode(bytes);
  return blobOf(Tree.encode({ root: decoded(root), children: children.map(decoded) }).finish());
}
