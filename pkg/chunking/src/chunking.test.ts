import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Chunker, chunksOf, fastCdc2020, fastCdcSizes, repMaxCdc } from './index.ts';
import { pseudoRandom } from './testing/pseudo-random.ts';
import { fastCdcSlowly, repMaxSlowly } from './testing/slowly.ts';

/** The sizes of a blob's chunks, which are looked at: one after another they are the blob. */
async function cut(chunker: Chunker, bytes: Uint8Array, pieces: Iterable<Uint8Array> = [bytes]): Promise<number[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(chunker, pieces)) chunks.push(chunk.slice());
  expect(Buffer.compare(Buffer.concat(chunks), bytes)).toBe(0);
  return chunks.map((chunk) => chunk.byteLength);
}

/** Bytes as property tests need them: some random, some all alike or of few values, where hashes are equal and rare. */
const blobs = fc
  .record({ seed: fc.bigInt(1n, 2n ** 64n - 1n), sizeBytes: fc.nat(12_000), values: fc.constantFrom(1, 2, 256) })
  .map(({ seed, sizeBytes, values }) => pseudoRandom(sizeBytes, seed).map((byte) => byte % values));

const fastSizes = fc.constantFrom(fastCdcSizes(1024), fastCdcSizes(2048), { min: 301, average: 1024, max: 4095 });
const repMaxParams = fc.record({
  min: fc.constantFrom(64, 100, 500),
  horizon: fc.constantFrom(0, 1, 63, 200, 1000, 4000),
});

describe('fastCdc2020', () => {
  const bytes = pseudoRandom(200_000);
  const sizes = { min: 4096, average: 16_384, max: 65_535 };

  test.each([
    [0, [18_174, 21_824, 16_392, 22_679, 5534]],
    [666, [20_642, 23_309, 4653, 16_897, 6593]],
    [0xffff_ffff, [18_474, 20_554, 16_385, 26_582, 22_982]],
  ])('cuts with seed %d where it always did', async (seed, first) => {
    expect((await cut(fastCdc2020(sizes, seed), bytes)).slice(0, 5)).toEqual(first);
  });

  test('cuts as its definition says, byte for byte', async () => {
    const check = async (blob: Uint8Array, sizes: Parameters<typeof fastCdc2020>[0], seed: number): Promise<void> => {
      expect(await cut(fastCdc2020(sizes, seed), blob)).toEqual(fastCdcSlowly(sizes, seed, blob));
    };
    await fc.assert(fc.asyncProperty(blobs, fastSizes, fc.constantFrom(0, 1, 666, 0xffff_ffff), check));
  });

  test('keeps to the sizes, but for the last chunk', async () => {
    const { min, average, max } = fastCdcSizes(1024);
    const check = async (blob: Uint8Array): Promise<void> => {
      for (const size of (await cut(fastCdc2020({ min, average, max }), blob)).slice(0, -1)) {
        expect(size).toBeGreaterThanOrEqual(min);
        expect(size).toBeLessThanOrEqual(max);
      }
    };
    await fc.assert(fc.asyncProperty(blobs, check));
  });

  test('has sizes of REAPI’s averages alone', () => {
    expect(fastCdcSizes(512 * 1024)).toEqual({ min: 131_072, average: 524_288, max: 2_097_152 });
    for (const average of [512, 1000, 16 * 1024 * 1024, 0, -1024, Number.NaN]) {
      expect(() => fastCdcSizes(average)).toThrow(RangeError);
    }
    for (let average = 1024; average <= 8 * 1024 * 1024; average *= 2) fastCdc2020(fastCdcSizes(average));
  });
});

describe('repMaxCdc', () => {
  // Found by others' implementations too.
  test('cuts where it always did', async () => {
    expect(await cut(repMaxCdc({ min: 4096, horizon: 4096 }), pseudoRandom(96 * 1024))).toEqual([
      7903, 5898, 4161, 8175, 6783, 7709, 6740, 5682, 5840, 5016, 7719, 7596, 6268, 6569, 6245,
    ]);
  });

  test('cuts as its definition says, byte for byte', async () => {
    const check = async (blob: Uint8Array, params: Parameters<typeof repMaxCdc>[0]): Promise<void> => {
      expect(await cut(repMaxCdc(params), blob)).toEqual(repMaxSlowly(params, blob));
    };
    await fc.assert(fc.asyncProperty(blobs, repMaxParams, check));
  });

  test('has chunks from the minimal size to just below twice of it', async () => {
    const check = async (blob: Uint8Array, params: Parameters<typeof repMaxCdc>[0]): Promise<void> => {
      const sizes = await cut(repMaxCdc(params), blob);
      if (blob.byteLength < params.min) expect(sizes.length).toBeLessThan(2);
      else for (const size of sizes) expect([size >= params.min, size < 2 * params.min]).toEqual([true, true]);
    };
    await fc.assert(fc.asyncProperty(blobs, repMaxParams, check));
  });

  test('has no chunks smaller than what is hashed', () => {
    expect(() => repMaxCdc({ min: 63, horizon: 1000 })).toThrow(RangeError);
  });
});

describe.each<[string, Chunker]>([
  ['fastCdc2020', fastCdc2020(fastCdcSizes(1024))],
  ['repMaxCdc', repMaxCdc({ min: 1024, horizon: 8192 })],
])('%s', (_, chunker) => {
  test('cuts the same whatever pieces a blob comes in', async () => {
    const check = async (blob: Uint8Array, pieceBytes: number[]): Promise<void> => {
      const pieces = (function* () {
        for (let at = 0, i = 0; at < blob.byteLength; i++) {
          const size = pieceBytes[i % pieceBytes.length] as number;
          yield blob.subarray(at, at + size);
          at += size;
        }
      })();
      expect(await cut(chunker, blob, pieces)).toEqual(await cut(chunker, blob));
    };
    const pieceBytes = fc.array(fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 9000 })), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(fc.asyncProperty(blobs, pieceBytes, check));
  });

  test('changes a few chunks when bytes are inserted', async () => {
    const original = pseudoRandom(200_000, 7n);
    const known = new Set(await texts(chunker, original));
    const check = async (at: number, inserted: Uint8Array): Promise<void> => {
      const changed = Buffer.concat([original.subarray(0, at), inserted, original.subarray(at)]);
      const news = (await texts(chunker, changed)).filter((chunk) => !known.has(chunk));
      expect(news.length).toBeLessThan(15); // Of about 150.
    };
    // Content decides, so chance could make it many: the same examples each time.
    const runs = { seed: 1, numRuns: 30 };
    await fc.assert(fc.asyncProperty(fc.nat(200_000), fc.uint8Array({ minLength: 1, maxLength: 3000 }), check), runs);
  });

  test('has no chunks of nothing', async () => {
    expect(await cut(chunker, new Uint8Array())).toEqual([]);
    expect(await cut(chunker, Uint8Array.of(1), [new Uint8Array(), Uint8Array.of(1), new Uint8Array()])).toEqual([1]);
  });
});

async function texts(chunker: Chunker, bytes: Uint8Array): Promise<string[]> {
  const chunks: string[] = [];
  for await (const chunk of chunksOf(chunker, [bytes])) chunks.push(Buffer.from(chunk).toString('latin1'));
  return chunks;
}
