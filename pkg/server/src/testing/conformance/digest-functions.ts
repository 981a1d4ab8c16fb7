import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Digest, type DigestFunctionName, digestFunctionNames, digestFunctions } from '@gorego/digest';
import {
  ContentAddressableStorageDefinition as cas,
  type DigestFunction_Value,
  Directory,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import { type DigestMessage, digestMessage } from '../../wire-digest.ts';
import { readOne, updateOne } from './batches.ts';
import { assertSame, type Blob, freshBlob, piecesOf } from './blobs.ts';
import { requestsOf } from './compressors.ts';
import type { Reapi } from './reapi.ts';
import { asking, type ConformanceCase, functionsOf, hashingBy } from './suite.ts';

/** What a client that hashes by one function says. */
class Named {
  readonly name: DigestFunctionName;
  readonly digestFunction: DigestFunction_Value;

  constructor(name: DigestFunctionName) {
    this.name = name;
    this.digestFunction = digestFunctions[name].number as DigestFunction_Value;
  }

  blob(bytes: Uint8Array): Blob {
    return { bytes: Buffer.from(bytes), digest: digestMessage(Digest.ofBytes(bytes, this.name)) };
  }

  /** What follows `blobs/`. */
  rest({ hash, sizeBytes }: DigestMessage): string {
    return `${digestFunctions[this.name].isSpelledOut ? `${this.name}/` : ''}${hash}/${sizeBytes}`;
  }

  read(api: Reapi, { digest }: Blob, offset = 0, limit = 0): Promise<Buffer> {
    return api.read(`blobs/${this.rest(digest)}`, offset, limit);
  }

  write(api: Reapi, blob: Blob): Promise<number> {
    return api.write(piecesOf(blob, `uploads/u/blobs/${this.rest(blob.digest)}`));
  }

  update(api: Reapi, { digest, bytes }: Blob): Promise<void> {
    return updateOne(api, digest, bytes, { digestFunction: this.digestFunction });
  }

  async has(api: Reapi, { digest }: Blob): Promise<boolean> {
    return (await api.findMissing([digest], { digestFunction: this.digestFunction })).length === 0;
  }
}

/** Bytes nobody has seen before, by whatever function they go. */
function fresh(sizeBytes: number): Buffer {
  return freshBlob(sizeBytes).bytes;
}

function casesOf(name: DigestFunctionName): ConformanceCase[] {
  const named = new Named(name);
  const { digestFunction } = named;
  return [
    {
      name: `takes and gives blobs of any size by ${name}`,
      obligations: ['GEN-6', 'BSR-5', 'BSR-7', 'BSW-1'], // obligation: GEN-6, BSR-5, BSR-7, BSW-1
      appliesTo: hashingBy(name),
      run: asking(async (api) => {
        for (const [i, sizeBytes] of [33, 1024, 1025, 70_000, 2_500_000].entries()) {
          const blob = named.blob(fresh(sizeBytes));
          assert(!(await named.has(api, blob)));
          await (i % 2 === 0 ? named.write(api, blob) : named.update(api, blob));
          assert(await named.has(api, blob));
          assertSame(await named.read(api, blob), blob.bytes);
          assertSame(await named.read(api, blob, 20, 10), blob.bytes.subarray(20, 30));
          assertSame(await readOne(api, blob.digest, { digestFunction }), blob.bytes);
          const { complete } = await api.queryWriteStatus(`uploads/x/blobs/${named.rest(blob.digest)}`);
          assert(complete);
          if (digestFunctions[name].isSpelledOut) continue;
          assertSame(await readOne(api, blob.digest), blob.bytes); // Its length tells.
        }
      }),
    },
    {
      name: `takes and gives blobs compressed, named by ${name} of what they are uncompressed`,
      obligations: ['BSR-5', 'BSR-11'], // obligation: BSR-5, BSR-11
      appliesTo: (subject) => hashingBy(name)(subject) && subject.offers.includes('zstd'),
      run: asking(async (api) => {
        const blob = named.blob(fresh(70_000));
        const resource = `compressed-blobs/zstd/${named.rest(blob.digest)}`;
        await api.write(requestsOf(`uploads/u/${resource}`, zstdCompressSync(blob.bytes)));
        assertSame(await named.read(api, blob), blob.bytes);
        assertSame(zstdDecompressSync(await api.read(resource)), blob.bytes);
        assertSame(zstdDecompressSync(await api.read(resource, 20)), blob.bytes.subarray(20));
      }),
    },
    {
      name: `refuses bytes that ${name} gives another name`,
      obligations: ['BUB-2', 'BSW-6'], // obligation: BUB-2, BSW-6
      appliesTo: hashingBy(name),
      run: asking(async (api) => {
        for (const sizeBytes of [50, 5000]) {
          const [blob, other] = [named.blob(fresh(sizeBytes)), named.blob(fresh(sizeBytes))];
          const wrong = { digest: blob.digest, bytes: other.bytes };
          await api.ends(named.update(api, wrong), 'invalid_argument');
          await api.ends(named.write(api, wrong), 'invalid_argument');
          assert(!(await named.has(api, blob)));
        }
      }),
    },
    {
      name: `has the empty blob of ${name}`,
      obligations: ['GEN-4'], // obligation: GEN-4
      appliesTo: hashingBy(name),
      run: asking(async (api) => {
        const empty = named.blob(Buffer.of());
        assert(await named.has(api, empty));
        assert.equal((await named.read(api, empty)).byteLength, 0);
        assert.equal((await readOne(api, empty.digest, { digestFunction })).byteLength, 0);
      }),
    },
    {
      name: `follows trees and results by ${name}`,
      obligations: ['GTR-1', 'AC-2', 'AC-3'], // obligation: GTR-1, AC-2, AC-3
      appliesTo: hashingBy(name),
      run: asking(async (api) => {
        const file = named.blob(fresh(100));
        const below = named.blob(
          Directory.encode(Directory.fromPartial({ files: [{ name: 'f', digest: file.digest }] })).finish(),
        );
        const root = named.blob(
          Directory.encode(Directory.fromPartial({ directories: [{ name: 'd', digest: below.digest }] })).finish(),
        );
        await named.update(api, root);
        await named.update(api, below);
        const pages = await api.serverStream(cas, 'getTree', { rootDigest: root.digest, digestFunction });
        assert.equal(pages.flatMap(({ directories }) => directories).length, 2);

        const action = named.blob(fresh(60)).digest;
        const outputFiles = [{ path: 'f', digest: file.digest }];
        await api.updateActionResult(action, { outputFiles }, { digestFunction });
        await api.ends(api.getActionResult(action, { digestFunction }), 'not_found');
        await named.update(api, file);
        const result = await api.getActionResult(action, { digestFunction });
        assert.equal(result.outputFiles[0]?.digest?.hash, file.digest.hash);
      }),
    },
  ];
}

/** Pairs of functions whose hashes are of one length. */
const alike = digestFunctionNames.flatMap((one) =>
  digestFunctionNames
    .filter((other) => one !== other && digestFunctions[one].hexLength === digestFunctions[other].hexLength)
    .map((other) => [one, other] as const),
);

/** Blobs and results by each digest function a server offers. */
export const digestFunctionCases: readonly ConformanceCase[] = [
  {
    name: 'announces the functions it offers',
    obligations: ['CAP-2'], // obligation: CAP-2
    run: asking(async (api) => {
      const { cacheCapabilities } = await api.capabilities();
      const numbers = functionsOf(api.subject).map((name) => digestFunctions[name].number);
      assert.deepEqual(new Set(cacheCapabilities?.digestFunctions), new Set(numbers));
    }),
  },
  ...digestFunctionNames.flatMap(casesOf),
  ...alike.map(([one, other]): ConformanceCase => {
    const [first, second] = [new Named(one), new Named(other)];
    return {
      name: `takes no hash of ${one} for one of ${other}`,
      obligations: ['BSR-5', 'AC-2'], // obligation: BSR-5, AC-2
      appliesTo: hashingBy(one, other),
      run: asking(async (api) => {
        const blob = first.blob(randomBytes(40)); // Short ones have one hash by SHA256 and SHA256TREE.
        await first.update(api, blob);
        assert(await first.has(api, blob));
        assert(!(await second.has(api, blob)));
        await api.ends(second.read(api, blob), 'not_found');
        await api.ends(readOne(api, blob.digest, { digestFunction: second.digestFunction }), 'not_found');
        await api.updateActionResult(blob.digest, { exitCode: 0 }, { digestFunction: first.digestFunction });
        const asked = api.getActionResult(blob.digest, { digestFunction: second.digestFunction });
        await api.ends(asked, 'not_found');
      }),
    };
  }),
];
