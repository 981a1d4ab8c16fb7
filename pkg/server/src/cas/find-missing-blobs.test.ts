import { type Context, Scope } from '@gorego/context';
import { Digest, digestFunctionNames } from '@gorego/digest';
import { Failure } from '@gorego/errors';
import { writeLengthDelimitedHeader } from '@gorego/proto';
import {
  type DigestFunction_Value,
  FindMissingBlobsRequest,
  FindMissingBlobsResponse,
  Digest as Message,
} from '@gorego/proto/build/bazel/remote/execution/v2/remote_execution';
import type { Call, Route } from '@gorego/rpc';
import { type BlobStore, type Checklist, Mark, MemoryActions, MemoryBlobs } from '@gorego/storage';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DigestFunctions, type DigestMessage, digestMessage } from '../wire-digest.ts';
import { findMissingBlobs } from './find-missing-blobs.ts';

const functions = new DigestFunctions(digestFunctionNames.filter((name) => name !== 'blake3'));

/** Has every blob whose hash begins with a digit. Of two in three it says at once whether it has them. */
class Halves extends MemoryBlobs {
  readonly marked = { here: 0, absent: 0 };

  override async findMissing(_: Context, digests: ReadonlySet<Digest>): Promise<ReadonlySet<Digest>> {
    return new Set(digests.values().filter((digest) => !this.#has(digest)));
  }

  override mark(_: Context, list: Checklist): void {
    for (let i = 0; i < list.count; i++) {
      if (list.sizeBytes(i) % 3 === 0) continue;
      const kind = this.#has(list.digest(i)) ? 'here' : 'absent';
      list.mark(i, Mark[kind]);
      this.marked[kind]++;
    }
  }

  #has(digest: Digest): boolean {
    return /^[0-9]/.test(Digest.hex(digest));
  }
}

/** The digests in the answer, or why there is none. */
async function answerOf(request: Uint8Array, blobs: BlobStore): Promise<DigestMessage[] | string> {
  const route = findMissingBlobs((name) => ({ name, blobs, actions: new MemoryActions() }), functions);
  using scope = new Scope();
  const call = Object.assign(scope, { headers: { text: () => undefined, binary: () => undefined } }) as Call;
  try {
    const message = await (route as Route & { kind: 'unary' }).handle(call, request);
    const bytes = Array.isArray(message) ? Buffer.concat(message) : (message as Uint8Array);
    const { missingBlobDigests } = FindMissingBlobsResponse.decode(bytes);
    return missingBlobDigests.map(({ hash, sizeBytes }) => ({ hash, sizeBytes }));
  } catch (reason) {
    if (!(reason instanceof Failure)) throw reason;
    return `${reason.code}: ${reason.message}`;
  }
}

/** The same by decoding all of it; undefined for what the generated decoder does not take. */
async function expectedOf(request: Uint8Array): Promise<DigestMessage[] | 'invalid_argument' | undefined> {
  let decoded: FindMissingBlobsRequest;
  try {
    decoded = FindMissingBlobsRequest.decode(request);
  } catch {
    return undefined;
  }
  try {
    let name = functions.named(decoded.digestFunction);
    const asked = new Set<Digest>();
    for (const message of decoded.blobDigests) {
      const digest = functions.digest(message, name);
      name ??= Digest.function(digest).name;
      asked.add(digest);
    }
    using scope = new Scope();
    return Array.from(await new Halves().findMissing(scope, asked), digestMessage);
  } catch (reason) {
    if (!(reason instanceof Failure)) throw reason;
    return 'invalid_argument';
  }
}

const sorted = (digests: readonly DigestMessage[]): string[] =>
  digests.map(({ hash, sizeBytes }) => `${hash}/${sizeBytes}`).sort();

const sizeBytes = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.constantFrom(0, 127, 128, 2 ** 28 - 1, 2 ** 28, 2 ** 32, 2 ** 53 - 1, -1),
  fc.maxSafeNat(),
);
const goodSize = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 2 ** 28 - 1 }) },
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
);
const hex = (length: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const badHash = fc.oneof(
  fc.constantFrom('', 'AB'.repeat(32), 'ab'.repeat(31), `${'ab'.repeat(31)}ag`, 'ö'.repeat(32)),
  fc.string(),
  fc.oneof(hex(40), hex(32), hex(128)),
);

/** How somebody may write a Digest: fields in any order, twice, unknown ones, lengths in more bytes than they take. */
const written = ({ hash, sizeBytes }: DigestMessage): fc.Arbitrary<Uint8Array> => {
  const hashField = Message.encode({ hash, sizeBytes: 0 }).finish();
  const sizeField = Message.encode({ hash: '', sizeBytes }).finish();
  const plain = Buffer.concat([hashField, sizeField]);
  const field = (...content: Uint8Array[]): Uint8Array =>
    Buffer.concat([writeLengthDelimitedHeader(2, Buffer.concat(content).length), ...content]);
  const longLength = Buffer.of(18, (plain.length & 0x7f) | 0x80, plain.length >> 7);
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(field(plain)) },
    fc.constantFrom(
      field(sizeField, hashField),
      field(plain, Buffer.of(24, 7)),
      field(Buffer.of(10, 1, 97), plain),
      field(hashField, Buffer.of(16, 0x85, 0)),
      Buffer.concat([longLength, plain]),
    ),
  );
};

const digestField = (hash: fc.Arbitrary<string>, size: fc.Arbitrary<number>): fc.Arbitrary<Uint8Array> =>
  fc.record({ hash, sizeBytes: size }).chain(written);

/** Few hashes, so that some are asked for twice. */
const fewHashes = fc.constantFrom(...['0', '1', 'a', 'b', 'c'].map((digit) => `${digit}f`.repeat(32)));
const goodFields = fc.array(digestField(fc.oneof(fewHashes, hex(64)), goodSize), { maxLength: 20 });
const anyFields = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: digestField(fewHashes, fc.integer({ min: 1, max: 3 })) },
    digestField(fc.oneof(fewHashes, badHash), sizeBytes),
    fc.uint8Array({ maxLength: 10 }),
  ),
  { maxLength: 10 },
);

const request = (
  fields: fc.Arbitrary<Uint8Array[]>,
  numbers: readonly DigestFunction_Value[],
): fc.Arbitrary<Uint8Array> =>
  fc.tuple(fields, fc.constantFrom(...numbers), fc.boolean()).map(([fields, digestFunction, isFirst]) => {
    const rest = FindMissingBlobsRequest.fromPartial({ instanceName: 'main', digestFunction });
    const other = FindMissingBlobsRequest.encode(rest).finish();
    return Buffer.concat(isFirst ? [other, ...fields] : [...fields, other]);
  });

const spoilt = fc
  .tuple(request(anyFields, [0, 1]), fc.nat(2000), fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 }))
  .map(([whole, length, changes]) => {
    const bytes = Buffer.from(whole.subarray(0, whole.length - (length % (whole.length + 1))));
    for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
    return bytes;
  });

// obligation: FMB-1, FMB-3, FMB-5, GEN-3
describe('FindMissingBlobs', () => {
  test('answers as if it decoded everything, however it is written', async () => {
    const marked = { here: 0, absent: 0 };
    await fc.assert(
      fc.asyncProperty(request(goodFields, [0, 1, 8]), async (request) => {
        const expected = await expectedOf(request);
        const store = new Halves();
        const answer = await answerOf(request, store);
        expect(typeof answer === 'string' ? answer : sorted(answer)).toEqual(sorted(expected as DigestMessage[]));
        marked.here += store.marked.here;
        marked.absent += store.marked.absent;
      }),
      { numRuns: 300 },
    );
    expect(Math.min(marked.here, marked.absent)).toBeGreaterThan(100);
  });

  test('answers of any bytes what it would by decoding everything, or that they are none of its', async () => {
    const seen = { answers: 0, refusals: 0 };
    const anyRequest = fc.oneof(request(anyFields, [0, 1, 2, 7, 9]), spoilt, fc.uint8Array({ maxLength: 200 }));
    await fc.assert(
      fc.asyncProperty(anyRequest, async (request) => {
        const answer = await answerOf(request, new Halves());
        if (typeof answer === 'string') {
          expect(answer).toMatch(/^invalid_argument: /);
          seen.refusals++;
        } else {
          expect(sorted(answer)).toEqual(sorted((await expectedOf(request)) as DigestMessage[]));
          seen.answers++;
        }
        // What the generated decoder takes and finds wrong is refused here too.
        if ((await expectedOf(request)) === 'invalid_argument') expect(typeof answer).toBe('string');
      }),
      { numRuns: 1500 },
    );
    expect(Math.min(seen.answers, seen.refusals)).toBeGreaterThan(100);
  });

  test('says the same, whether its store marks anything or not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(request(anyFields, [0, 1, 8]), spoilt), async (request) => {
        const halves = new Halves();
        const slow: BlobStore = {
          get: (ctx, digest) => halves.get(ctx, digest),
          put: (ctx, digest, blob) => halves.put(ctx, digest, blob),
          findMissing: (ctx, digests) => halves.findMissing(ctx, digests),
        };
        const [quick, other] = [await answerOf(request, halves), await answerOf(request, slow)];
        expect(typeof quick === 'string' ? quick : sorted(quick)).toEqual(
          typeof other === 'string' ? other : sorted(other),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('answers as many as fit into a request, though all begin alike', async () => {
    const names = Array.from({ length: 50_000 }, (_, i) => `abababab${i.toString(16).padStart(56, '0')}`);
    const blobDigests = names.map((hash) => ({ hash, sizeBytes: 5 }));
    const request = FindMissingBlobsRequest.encode(FindMissingBlobsRequest.fromPartial({ blobDigests })).finish();
    expect((await answerOf(request, new MemoryBlobs())).length).toBe(50_000);
  });

  test.each([
    ['a hash that is none', [{ hash: 'AB'.repeat(32), sizeBytes: 5 }], 'not a sha256 hash (64 lower-case hex digits)'],
    ['a length of no function', [{ hash: 'ab', sizeBytes: 5 }], 'is meant by 2 hex digits alone'],
    ['a size that is none', [{ hash: 'ab'.repeat(32), sizeBytes: -5 }], 'not the size of a blob: -5'],
    ['an empty blob that is not', [{ hash: 'ab'.repeat(32), sizeBytes: 0 }], 'hash of an empty blob'],
    ['two functions', [32, 20].map((n) => ({ hash: 'ab'.repeat(n), sizeBytes: 5 })), 'not a sha256 hash'],
  ])('says what is wrong with %s', async (_, blobDigests, why) => {
    const request = FindMissingBlobsRequest.encode(FindMissingBlobsRequest.fromPartial({ blobDigests })).finish();
    expect(await answerOf(request, new Halves())).toContain(why);
  });
});
