import assert from 'node:assert/strict';
import { methodPath } from '@gorego/proto';
import { ByteStreamDefinition as service } from '@gorego/proto/google/bytestream/bytestream';
import { updateOne } from './batches.ts';
import { assertReadable, freshBlob, piecesOf, readName, upload, writeName } from './blobs.ts';
import { framed, RawConnection, received } from './raw-connection.ts';
import { encoded, Reapi } from './reapi.ts';
import { asking, type ConformanceCase } from './suite.ts';
import { beginUpload } from './uploads.ts';

/** Many Writes at once, and Writes that end before their time. */
export const byteStreamWriteMany: readonly ConformanceCase[] = [
  ...([1000, 2_000_000].map((sizeBytes) => ({
    name: `takes one blob of ${sizeBytes} bytes from 20 clients at once, one of which leaves`,
    obligations: ['BSW-17', 'BSW-18', 'BSW-12'], // obligation: BSW-17, BSW-18, BSW-12
    run: async (subject) => {
      const blob = freshBlob(sizeBytes);
      const name = writeName(blob.digest);
      const pieces = [...piecesOf(blob, name)];
      const clients = Array.from({ length: 20 }, () => new Reapi(subject));
      try {
        const uploads = clients.map((api) => beginUpload(api));
        for (const [i, piece] of pieces.entries()) {
          for (const [client, begun] of uploads.entries()) {
            if (client === 7 && i === Math.floor(pieces.length / 2)) begun.cancel();
            else if (client !== 7 || i < pieces.length / 2) begun.send(piece);
          }
        }
        const others = uploads.filter((_, client) => client !== 7);
        const batch = sizeBytes < 10_000 ? [updateOne(clients[0] as Reapi, blob.digest, blob.bytes)] : [];
        const sizes = await Promise.all(others.map(({ answer }) => answer));
        await Promise.all(batch);
        assert.deepEqual(new Set(sizes), new Set([sizeBytes]));
        await assertReadable(clients[0] as Reapi, blob);
      } finally {
        for (const client of clients) client[Symbol.dispose]();
      }
    },
  })) satisfies ConformanceCase[]),
  {
    name: 'finishes an upload of what another client has uploaded meanwhile',
    obligations: ['BSW-12'], // obligation: BSW-12
    run: asking(async (api) => {
      const blob = freshBlob(400_000);
      const [first, ...rest] = piecesOf(blob);
      const slow = beginUpload(api);
      slow.send(first);
      await upload(api, blob);
      for (const piece of rest) slow.send(piece);
      assert.equal(await slow.answer, 400_000);
      await assertReadable(api, blob);
    }),
  },
  {
    name: 'stays healthy through 200 uploads of 8 MiB on one connection that it answers before their end',
    obligations: ['BSW-22', 'BSW-10'], // obligation: BSW-22, BSW-10
    run: asking(async (api) => {
      const blob = freshBlob(8 * 1024 * 1024);
      await upload(api, blob);
      const again = (): Promise<number> => api.write(piecesOf(blob));
      for (let round = 0; round < 20; round++) {
        const sizes = await Promise.all(Array.from({ length: 10 }, again));
        assert.deepEqual(new Set(sizes), new Set([blob.digest.sizeBytes]));
      }
      await assertReadable(api, blob);
    }),
  },
  {
    name: 'stays healthy when uploads go on after they were refused',
    obligations: ['BSW-22'], // obligation: BSW-22
    run: async (subject) => {
      const blob = freshBlob(300_000);
      using api = new Reapi(subject);
      await upload(api, blob);
      using connection = new RawConnection(subject.address);
      const path = methodPath(service, 'write');
      const refused = framed(encoded(service, 'write', { resourceName: 'nonsense', data: blob.bytes }));
      const goOn = async (): Promise<void> => {
        const stream = connection.open(path);
        const answer = received(stream);
        for (let i = 0; i < 10 && !stream.destroyed; i++) stream.write(refused);
        stream.end();
        const { headers } = await answer;
        assert.equal(headers['grpc-status'], '3');
      };
      for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 20 }, goOn));
      const request = framed(encoded(service, 'read', { resourceName: readName(blob.digest) }));
      const { headers, body } = await connection.call(methodPath(service, 'read'), request);
      assert.equal(headers['grpc-status'], '0');
      assert(body.byteLength > blob.bytes.byteLength);
    },
  },
];
