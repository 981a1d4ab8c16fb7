import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background } from '@gorego/context';
import { Digest } from '@gorego/digest';
import { systemClock } from '@gorego/platform';
import { methodPath } from '@gorego/proto';
import { type FetchBlobResponse, FetchDefinition } from '@gorego/proto/build/bazel/remote/asset/v1/remote_asset';
import { defaultLimits, GrpcJsClient } from '@gorego/rpc';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Running } from './assemble.ts';
import { assembled } from './testing/assembled.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gorego-assets-'));
});
afterEach(() => rm(directory, { recursive: true }));

const running = (...flags: string[]): Promise<Running> => assembled(directory, '--local_store.dir=store', ...flags);

async function fetchBlob({ rpc }: Running, uri: string): Promise<FetchBlobResponse> {
  using client = new GrpcJsClient({
    ...{ clock: systemClock, ...rpc.address, tls: undefined, connections: 1, headersOf: () => [] },
    receiveWindowBytes: defaultLimits.receiveWindowBytes,
  });
  const { requestType, responseType } = FetchDefinition.methods.fetchBlob;
  const request = requestType.encode(requestType.fromPartial({ uris: [uri] })).finish();
  return responseType.decode(await client.unary(background(), methodPath(FetchDefinition, 'fetchBlob'), request));
}

/** An origin on the loopback, until it is gone. */
async function origin(body: string): Promise<{ readonly url: string; readonly flags: string[] } & AsyncDisposable> {
  const server = createServer((_, response) => void response.end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${url}/x`,
    flags: [`--remote_asset.allow=${url}`, '--remote_asset.allow_networks=127.0.0.0/8'],
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('an assembled goREgo', () => {
  test('fetches from where it may, and knows it when the origin is gone and it was started again', async () => {
    let url = '';
    const blobDigest = { hash: Digest.hex(Digest.ofBytes(Buffer.from('hello'))), sizeBytes: 5 };
    {
      await using web = await origin('hello');
      await using gorego = await running(...web.flags);
      url = web.url;
      expect(await fetchBlob(gorego, url)).toMatchObject({ status: { code: 0 }, uri: url, blobDigest });
    }
    await using gorego = await running();
    expect(await fetchBlob(gorego, url)).toMatchObject({ status: { code: 0 }, uri: url, blobDigest });
  });

  test('shares what it fetched with all before the same backing cache', async () => {
    await using far = await running('--local_store.dir=far');
    const before = `--backing_cache.target=grpc://127.0.0.1:${far.rpc.address.port}`;
    let url = '';
    {
      await using web = await origin('hello');
      await using one = await running('--local_store.dir=one', before, ...web.flags);
      url = web.url;
      expect((await fetchBlob(one, url)).status?.code).toBe(0);
    }
    await using other = await running('--local_store.dir=other', before);
    expect(await fetchBlob(other, url)).toMatchObject({ status: { code: 0 }, uri: url });
    expect((await fetchBlob(far, url)).status?.code).toBe(0);
  });

  test('fetches nothing unless it is told to, and nothing inside even then', async () => {
    await using web = await origin('hello');
    {
      await using gorego = await running();
      expect((await fetchBlob(gorego, web.url)).status).toMatchObject({
        code: 7,
        message: expect.stringMatching(/remote_asset\.allow lets/),
      });
    }
    await using gorego = await running(web.flags[0] as string);
    expect((await fetchBlob(gorego, web.url)).status).toMatchObject({
      code: 7,
      message: expect.stringMatching(/127\.0\.0\.1, which is not public and not in remote_asset\.allow_networks/),
    });
  });

  test.each(['--remote_asset.allow=https://a*b/', '--remote_asset.allow_networks=10.0.0.1/8'])(
    'refuses to start with %s',
    async (flag) => {
      await expect(running(flag)).rejects.toMatchObject({ message: expect.stringMatching(/^remote_asset\./) });
    },
  );
});
