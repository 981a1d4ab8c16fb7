import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { methodPath } from '@gorego/proto';
import { ByteStreamDefinition as stream } from '@gorego/proto/google/bytestream/bytestream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ChildServer } from './testing/child-server.ts';
import { readOne } from './testing/conformance/batches.ts';
import {
  assertReadable,
  type Blob,
  blobOf,
  freshBlob,
  piecesOf,
  readName,
  upload,
} from './testing/conformance/blobs.ts';
import { encoded, Reapi } from './testing/conformance/reapi.ts';
import { beginUpload } from './testing/conformance/uploads.ts';
import { scratchDirectory } from './testing/scratch-directory.ts';

let directory: Awaited<ReturnType<typeof scratchDirectory>>;
let server: ChildServer;
let api: Reapi;

async function start(resumeWindowMs?: number): Promise<void> {
  server = await ChildServer.start(directory.path, resumeWindowMs);
  api = new Reapi({ address: server.address, mode: 'strict', offers: [], instances: [''] });
}

async function kill(): Promise<void> {
  api[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
}

beforeEach(async () => {
  directory = await scratchDirectory();
  await start();
}, 60_000);
afterEach(async () => {
  await kill();
  await directory[Symbol.asyncDispose]();
}, 60_000);

/** The one file of a blob, wherever the store keeps it. */
async function fileOf({ digest }: Blob): Promise<string> {
  const names = await readdir(directory.path, { recursive: true });
  return join(directory.path, names.find((name) => name.endsWith(digest.hash)) as string);
}

async function uploadsUnderWay(): Promise<number> {
  return (await readdir(join(directory.path, 'tmp'))).length;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a server on a disk', () => {
  // obligation: BSW-23
  test('that is killed during an upload has all of the blob or nothing', async () => {
    const [whole, half] = [freshBlob(500_000), freshBlob(500_000)];
    await upload(api, whole);
    const begun = beginUpload(api);
    for (const piece of [...piecesOf(half)].slice(0, -1)) begun.send(piece);
    await until(async () => (await uploadsUnderWay()) > 0);
    await kill();
    await start();
    expect(await uploadsUnderWay()).toBe(0);
    expect(await api.findMissing([whole.digest, half.digest])).toEqual([half.digest]);
    await assertReadable(api, whole);
    await upload(api, half);
    await assertReadable(api, half);
  }, 60_000);

  // obligation: GEN-15, BSW-25
  test('keeps nothing of an upload that was cancelled longer ago than it may go on, or was wrong', async () => {
    await kill();
    await start(20);
    const blob = freshBlob(500_000);
    const begun = beginUpload(api);
    for (const piece of [...piecesOf(blob)].slice(0, -1)) begun.send(piece);
    await until(async () => (await uploadsUnderWay()) > 0);
    begun.cancel();
    await until(async () => (await uploadsUnderWay()) === 0);
    await api.ends(api.write(piecesOf({ ...blob, bytes: freshBlob(500_000).bytes })), 'invalid_argument');
    await until(async () => (await uploadsUnderWay()) === 0);
    expect(await api.findMissing([blob.digest])).toEqual([blob.digest]);
  }, 60_000);

  // obligation: BSR-14, BRB-7
  test('gives out no file that rotted while it was down', async () => {
    const blob = freshBlob(300_000);
    await upload(api, blob);
    await kill();
    const file = await fileOf(blob);
    const bytes = await readFile(file);
    bytes[150_000] = ~(bytes[150_000] as number);
    await writeFile(file, bytes);
    await start();
    await api.ends(readOne(api, blob.digest), 'not_found');
    await api.ends(api.read(readName(blob.digest)), 'not_found');
    await api.ends(api.read(readName(blob.digest), 1000, 10), 'not_found');
    await upload(api, blob);
    expect(Buffer.compare(await api.read(readName(blob.digest)), blob.bytes)).toBe(0);
  }, 60_000);

  // obligation: BSR-14
  test('breaks off a large one before its end, and mends it by an upload', async () => {
    const blob = freshBlob(3_000_000);
    await upload(api, blob);
    await kill();
    const file = await fileOf(blob);
    const bytes = await readFile(file);
    bytes[2_900_000] = ~(bytes[2_900_000] as number);
    await writeFile(file, bytes);
    await start();
    await api.ends(api.read(readName(blob.digest)), 'data_loss');
    await until(async () => (await api.findMissing([blob.digest])).length > 0);
    await api.ends(api.read(readName(blob.digest)), 'not_found');
    await upload(api, blob);
    expect(Buffer.compare(await api.read(readName(blob.digest)), blob.bytes)).toBe(0);
  }, 60_000);

  // obligation: BSR-17
  test('gives a reader all of a blob that is removed meanwhile', async () => {
    const blob = freshBlob(8_000_000);
    await upload(api, blob);
    const call = api.raw.bidi(methodPath(stream, 'read'));
    call.end(Buffer.from(encoded(stream, 'read', { resourceName: readName(blob.digest) })));
    const parts: Uint8Array[] = [];
    for await (const message of call) {
      if (parts.length === 0) await rm(await fileOf(blob));
      parts.push(stream.methods.read.responseType.decode(message as Buffer).data);
    }
    expect(blobOf(Buffer.concat(parts)).digest).toEqual(blob.digest);
    await api.ends(api.read(readName(blob.digest)), 'not_found');
  }, 60_000);
});
