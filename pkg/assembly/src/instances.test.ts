import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Digest } from '@gorego/digest';
import { methodPath } from '@gorego/proto';
import {
  type ActionResult,
  ContentAddressableStorageDefinition as cas,
  ActionCacheDefinition as results,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { ByteStreamDefinition as stream } from '@gorego/proto/google/bytestream/bytestream';
import type { Address } from '@gorego/rpc';
import { RawClient } from '@gorego/rpc/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Running } from './assemble.ts';
import { instancePattern } from './instance-pattern.ts';
import { separateDirectory } from './instances.ts';
import { assembled } from './testing/assembled.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gorego-instances-'));
});
afterEach(() => rm(directory, { recursive: true }));

const running = (...flags: string[]): Promise<Running> => assembled(directory, ...flags);

const bytes = Buffer.from('a blob of somebody');
const digest = { hash: Digest.hex(Digest.ofBytes(bytes)), sizeBytes: bytes.byteLength };

/** What one instance's client can do with one blob. */
class Client implements Disposable {
  readonly #raw: RawClient;
  readonly #instanceName: string;
  readonly #address: Address;

  constructor({ rpc }: Running, instanceName: string) {
    this.#raw = new RawClient(rpc.address, {}, 30_000);
    this.#instanceName = instanceName;
    this.#address = rpc.address;
  }

  async put(): Promise<void> {
    const { requestType } = cas.methods.batchUpdateBlobs;
    const request = requestType.fromPartial({ instanceName: this.#instanceName, requests: [{ digest, data: bytes }] });
    await this.#raw.unary(methodPath(cas, 'batchUpdateBlobs'), requestType.encode(request).finish());
  }

  async isMissing(): Promise<boolean> {
    const { requestType, responseType } = cas.methods.findMissingBlobs;
    const request = requestType.fromPartial({ instanceName: this.#instanceName, blobDigests: [digest] });
    const answer = await this.#raw.unary(methodPath(cas, 'findMissingBlobs'), requestType.encode(request).finish());
    return responseType.decode(answer).missingBlobDigests.length > 0;
  }

  /** Undefined if it is not found. */
  async read(): Promise<string | undefined> {
    const { requestType, responseType } = stream.methods.read;
    const prefix = this.#instanceName === '' ? '' : `${this.#instanceName}/`;
    const resourceName = `${prefix}blobs/${digest.hash}/${digest.sizeBytes}`;
    const request = requestType.encode(requestType.fromPartial({ resourceName })).finish();
    const messages = await this.#raw.serverStream(methodPath(stream, 'read'), request).catch(orNotFound);
    return messages && Buffer.concat(messages.map((each) => responseType.decode(each).data)).toString();
  }

  /** What a GET by HTTP/1.1 is answered with. */
  async httpStatus(): Promise<number> {
    const { host, port } = this.#address;
    const prefix = this.#instanceName === '' ? '' : `/${this.#instanceName}`;
    const response = await fetch(`http://${host}:${port}${prefix}/cas/${digest.hash}`);
    await response.arrayBuffer();
    return response.status;
  }

  async putResult(): Promise<void> {
    const { requestType } = results.methods.updateActionResult;
    const actionResult = { outputFiles: [{ path: 'f', digest }] };
    const request = requestType.fromPartial({ instanceName: this.#instanceName, actionDigest: digest, actionResult });
    await this.#raw.unary(methodPath(results, 'updateActionResult'), requestType.encode(request).finish());
  }

  async result(): Promise<ActionResult | undefined> {
    const { requestType, responseType } = results.methods.getActionResult;
    const request = requestType.fromPartial({ instanceName: this.#instanceName, actionDigest: digest });
    const path = methodPath(results, 'getActionResult');
    const answer = await this.#raw.unary(path, requestType.encode(request).finish()).catch(orNotFound);
    return answer && responseType.decode(answer);
  }

  [Symbol.dispose](): void {
    this.#raw[Symbol.dispose]();
  }
}

function orNotFound(reason: unknown): undefined {
  if ((reason as { code?: number }).code !== 5) throw reason;
}

const apart = '--instances.separate=team-a/*,solo';

describe('instances', () => {
  test('share blobs and keep their results for themselves, when nothing is said', async () => {
    await using gorego = await running();
    using one = new Client(gorego, 'one');
    using other = new Client(gorego, 'other/name');
    await one.put();
    await one.putResult();
    expect(await other.isMissing()).toBe(false);
    expect(await other.read()).toBe(bytes.toString());
    expect((await one.result())?.outputFiles).toHaveLength(1);
    expect(await other.result()).toBe(undefined);
  });

  test.each([
    ['team-a', ['team-a/x', 'team-a/y/z'], ['', 'team-ab', 'solo', 'main']],
    ['solo', [], ['', 'solo/x', 'team-a', 'main']],
    ['main', ['', 'team-ab', 'solo/x'], ['team-a', 'team-a/x', 'solo']],
  ])('that are separate share nothing with others: what %j stores', async (name, theirs, others) => {
    await using gorego = await running(apart);
    using client = new Client(gorego, name);
    await client.put();
    await client.putResult();
    for (const [names, isTheirs] of [
      [[name, ...theirs], true],
      [others, false],
    ] as const) {
      for (const each of names) {
        using other = new Client(gorego, each);
        expect([each, await other.isMissing()]).toEqual([each, !isTheirs]);
        expect([each, await other.httpStatus()]).toEqual([each, isTheirs ? 200 : 404]);
        expect([each, await other.read()]).toEqual([each, isTheirs ? bytes.toString() : undefined]);
      }
    }
    // A result of a blob that the instance hasn't got is none, and none is another's.
    using stranger = new Client(gorego, others[2] as string);
    await stranger.putResult();
    expect(await stranger.result()).toBe(undefined);
    expect((await client.result())?.outputFiles).toHaveLength(1);
  });

  test('find their own again after a restart', async () => {
    {
      await using gorego = await running(apart);
      using client = new Client(gorego, 'solo');
      await client.put();
    }
    await using gorego = await running(apart);
    using client = new Client(gorego, 'solo');
    using other = new Client(gorego, '');
    expect([await client.isMissing(), await other.isMissing()]).toEqual([false, true]);
    expect(await readdir(join(directory, 'data/instances'))).toHaveLength(2);
  });

  test('that are separate are so before a backing cache that is', async () => {
    await using far = await running('--local_store.dir=far', apart);
    const target = `--backing_cache.target=grpc://127.0.0.1:${far.rpc.address.port}`;
    await using near = await running('--local_store.dir=near', apart, target);
    using client = new Client(near, 'solo');
    using other = new Client(near, 'main');
    await client.put();
    expect([await client.isMissing(), await other.isMissing()]).toEqual([false, true]);
    expect([await client.read(), await other.read()]).toEqual([bytes.toString(), undefined]);
  });

  // obligation: GEN-13
  test('are those that are allowed, and the others are told so by every method', async () => {
    await using gorego = await running('--instances.allow=team-a,team-b/*');
    for (const name of ['team-a', 'team-b', 'team-b/x']) {
      using client = new Client(gorego, name);
      await client.put();
      expect(await client.isMissing()).toBe(false);
    }
    using stranger = new Client(gorego, 'team-a/x');
    const refused = {
      code: 3,
      details: expect.stringContaining('there is no instance "team-a/x" here, only "team-a", "team-b/*"'),
    };
    for (const call of [stranger.put(), stranger.isMissing(), stranger.read(), stranger.result(), stranger.putResult()])
      await expect(call).rejects.toMatchObject(refused);
  });

  test.each(['blobs', 'a/uploads/*'])('can’t be called %j', async (text) => {
    await expect(running(`--instances.separate=${text}`)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('not an instance name'),
    });
  });
});

describe('separateDirectory', () => {
  test('is readable, and another for each pattern whatever the file system makes of letters', () => {
    const texts = ['', 'a', 'A', 'a/*', 'a/b', 'a-b', '..', '*', 'ö'.repeat(500)];
    const names = texts.map((text) => separateDirectory(instancePattern(text)).toLowerCase());
    expect(new Set(names).size).toBe(texts.length);
    for (const name of names) expect(name).toMatch(/^instances\/[a-z0-9-]{0,40}\.[0-9a-f]{16}$/);
  });
});
