import { createHash } from 'node:crypto';
import { BatchUpdateBlobsRequest } from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { WriteRequest } from '@gorego/proto/google/bytestream/bytestream';
import { expect, test } from '@jest/globals';
import { unframed } from '../grpc-client.ts';
import { NumberedBlobs } from '../numbered-blobs.ts';
import { batchUpdate, write } from '../requests.ts';
import { ExchangeableBody, PreparedBlobs } from './exchangeable-body.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('a batch with its blobs exchanged holds others, each under its own hash', () => {
  const source = new NumberedBlobs(2048);
  const blobs = [0, 1, 2].map((n) => source.at(n));
  const made = batchUpdate(blobs.map((blob) => ({ hex: blob.hex, data: source.dataOf(blob) })));
  const prepared = new PreparedBlobs(source, 100);
  const template = new ExchangeableBody(made.body, blobs, source);
  const seen = new Set<string>();
  for (const first of [0, 3, 97]) {
    const [message = Buffer.alloc(0)] = unframed(template.with(prepared, first));
    for (const { digest, data } of BatchUpdateBlobsRequest.decode(message).requests) {
      expect(digest).toMatchObject({ hash: sha256(data), sizeBytes: 2048 });
      seen.add(sha256(data));
    }
  }
  expect(seen.size).toBe(9);
});

test('an upload with its blob exchanged is another one, in the same messages', () => {
  const source = new NumberedBlobs(200_000);
  const blob = source.at(0);
  const named = { hex: blob.hex, sizeBytes: 200_000 };
  const made = write(named, source.dataOf(blob), 65536);
  const body = new ExchangeableBody(made.body, [blob], source).with(new PreparedBlobs(source, 8), 7);
  const requests = unframed(body).map((message) => WriteRequest.decode(message));
  const hash = sha256(Buffer.concat(requests.map(({ data }) => data)));
  expect(hash).toBe(source.at(7).hex);
  expect(requests.map(({ resourceName }) => resourceName)).toEqual([
    expect.stringMatching(new RegExp(`^uploads/[-0-9a-f]{36}/blobs/${hash}/200000$`)),
    '',
    '',
    '',
  ]);
  expect(requests.map(({ writeOffset }) => writeOffset)).toEqual([0, 65536, 131072, 196608]);
  expect(requests.map(({ finishWrite }) => finishWrite)).toEqual([false, false, false, true]);
});
