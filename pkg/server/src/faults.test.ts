import { Digest } from '@gorego/digest';
import { type Code, codeNumber, Failure } from '@gorego/errors';
import { methodPath } from '@gorego/proto';
import { ContentAddressableStorageDefinition as cas } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { ByteStreamDefinition as stream } from '@gorego/proto/google/bytestream/bytestream';
import { type ActionCache, MemoryActions, verified } from '@gorego/storage';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { updateOne, uploadSmall } from './testing/conformance/batches.ts';
import { absentDigest, type Blob, freshBlob, piecesOf, readName, upload } from './testing/conformance/blobs.ts';
import { encoded, Reapi } from './testing/conformance/reapi.ts';
import { FaultyBlobs } from './testing/faulty-blobs.ts';
import { type Served, serveCache } from './testing/serve-cache.ts';

let blobs: FaultyBlobs;
let actions: ActionCache;
let served: Served;
let api: Reapi;

beforeEach(async () => {
  blobs = new FaultyBlobs();
  actions = new MemoryActions();
  served = await serveCache({ blobs: verified(blobs), actions: () => actions });
  api = new Reapi({ address: served.address, mode: 'strict', offers: [], instances: [''] });
});
afterEach(async () => {
  api[Symbol.dispose]();
  await served[Symbol.asyncDispose]();
});

const digestOf = ({ bytes }: Blob): Digest => Digest.ofBytes(bytes);
const failing = (code: Code): Failure => new Failure(code, 'out of order');

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('when the store fails, it', () => {
  // obligation: FMB-9
  test('does not guess what is missing', async () => {
    const here = freshBlob(10);
    await upload(api, here);
    blobs.fail('findMissing', failing('unavailable'));
    await api.ends(api.findMissing([here.digest, absentDigest()]), 'unavailable');
    await api.ends(api.queryWriteStatus(`uploads/u/${readName(here.digest)}`), 'unavailable');
  });

  // obligation: BRB-8
  test.each(['unavailable', 'internal', 'data_loss'] as const)('says %s of the one blob it concerns', async (code) => {
    const [good, bad] = [freshBlob(10), freshBlob(11)];
    await upload(api, good, bad);
    blobs.fail('get', failing(code), digestOf(bad));
    const { responses } = await api.unary(cas, 'batchReadBlobs', { digests: [bad.digest, good.digest] });
    expect(responses.map(({ status, data }) => [status?.code, data.byteLength])).toEqual([
      [codeNumber(code), 0],
      [0, 10],
    ]);
    await api.ends(api.read(readName(bad.digest)), code);
    await api.ends(api.serverStream(cas, 'getTree', { rootDigest: bad.digest }), code);
  });

  // obligation: BUB-7, BSW-23, AC-13
  test.each(['resource_exhausted', 'internal', 'unavailable'] as const)(
    'says %s of what can’t be stored, and shows nothing of it',
    async (code) => {
      const [good, bad] = [freshBlob(10), freshBlob(300_000)];
      blobs.fail('put', failing(code), digestOf(bad));
      const requests = [bad, good].map(({ digest, bytes: data }) => ({ digest, data }));
      const { responses } = await api.unary(cas, 'batchUpdateBlobs', { requests });
      expect(responses.map(({ status }) => status?.code)).toEqual([codeNumber(code), 0]);
      await api.ends(api.write(piecesOf(bad)), code);
      await api.ends(api.updateActionResult(absentDigest(), { stdoutRaw: bad.bytes }), code);
      expect(await api.findMissing([bad.digest, good.digest])).toEqual([bad.digest]);
    },
  );

  // obligation: AC-19, AC-1
  test('tells a result it can’t look up from one it has not got', async () => {
    const [action, output] = [absentDigest(), freshBlob(10)];
    await upload(api, output);
    await api.updateActionResult(action, { stdoutDigest: output.digest });
    blobs.fail('findMissing', failing('unavailable'));
    await api.ends(api.getActionResult(action), 'unavailable');
    await api.ends(api.getActionResult(absentDigest()), 'not_found');
  });

  // obligation: AC-13
  test.each(['permission_denied', 'resource_exhausted', 'unavailable'] as const)('passes on %s', async (code) => {
    actions = { get: () => Promise.reject(failing(code)), put: () => Promise.reject(failing(code)) };
    await api.ends(api.updateActionResult(absentDigest(), {}), code);
    await api.ends(api.getActionResult(absentDigest()), code);
  });

  // obligation: GEN-16
  test('says of a bug only that there was one, and goes on', async () => {
    const blob = freshBlob(10);
    blobs.fail('get', new TypeError('a secret'), digestOf(blob));
    await expect(api.read(readName(blob.digest))).rejects.toMatchObject({ code: 13, details: 'internal error' });
    await expect(api.unary(cas, 'batchReadBlobs', { digests: [blob.digest] })).rejects.toMatchObject({ code: 13 });
    await updateOne(api, blob.digest, blob.bytes);
  });
});

describe('when a blob has rotted, it', () => {
  // obligation: BRB-7, BSR-14
  test.each([500, 100_000])('never gives out all of its %d bytes', async (sizeBytes) => {
    const blob = freshBlob(sizeBytes);
    await upload(api, blob);
    blobs.rot(digestOf(blob));
    const { responses } = await api.unary(cas, 'batchReadBlobs', { digests: [blob.digest] });
    expect(responses.map(({ status, data }) => [status?.code, data.byteLength])).toEqual([
      [codeNumber('data_loss'), 0],
    ]);
    const call = api.raw.bidi(methodPath(stream, 'read'));
    call.end(Buffer.from(encoded(stream, 'read', { resourceName: readName(blob.digest) })));
    let receivedBytes = 0;
    const read = async (): Promise<void> => {
      for await (const message of call) {
        receivedBytes += stream.methods.read.responseType.decode(message as Buffer).data.byteLength;
      }
    };
    await api.ends(read(), 'data_loss');
    expect(receivedBytes).toBeLessThan(sizeBytes);
  });
});

describe('when the store keeps silent, it', () => {
  // obligation: CAP-12
  test('says what it can do', async () => {
    blobs.isSilent = true;
    expect((await api.capabilities()).cacheCapabilities).toBeDefined();
  });

  // obligation: GEN-15
  test('stops asking when nobody waits any more', async () => {
    blobs.isSilent = true;
    const request = encoded(cas, 'findMissingBlobs', { blobDigests: [absentDigest()] });
    const late = api.raw.unary(methodPath(cas, 'findMissingBlobs'), request, undefined, 50);
    await api.ends(late, 'deadline_exceeded');
    await until(() => blobs.waiting[0]?.ended !== undefined);
    expect(blobs.waiting[0]?.ended?.code).toMatch(/deadline_exceeded|cancelled/);
  });
});

// obligation: GEN-15, BSR-15
test('lets go of a blob whose reader has left', async () => {
  const blob = freshBlob(4_000_000);
  await upload(api, blob);
  const request = Buffer.from(encoded(stream, 'read', { resourceName: readName(blob.digest) }));
  const calls = Array.from({ length: 10 }, () => {
    const call = api.raw.bidi(methodPath(stream, 'read'));
    call.on('error', () => {});
    call.end(request);
    return call;
  });
  await Promise.all(calls.map((call) => new Promise((resolve) => call.once('readable', resolve))));
  for (const call of calls) call.cancel();
  await until(() => blobs.openReaders === 0);
});

// obligation: BUB-1, BRB-1
test('works on a few entries of a batch at once, each of which may hold a file open', async () => {
  const many = Array.from({ length: 1000 }, () => freshBlob(20));
  await uploadSmall(api, many);
  const { responses } = await api.unary(cas, 'batchReadBlobs', { digests: many.map(({ digest }) => digest) });
  expect(responses).toHaveLength(1000);
  expect(blobs.callsMost).toBeLessThanOrEqual(64);
});
