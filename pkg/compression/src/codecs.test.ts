import { randomBytes } from 'node:crypto';
import * as zlib from 'node:zlib';
import { Failure } from '@gorego/errors';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Codec, CodecName, Expected } from './codec.ts';
import { codecs } from './codecs.ts';
import { ContextMemory } from './context-memory.ts';

const memory = new ContextMemory(256 * 2 ** 20);
const all = codecs({ compressing: memory, decompressing: memory });

/** What else speaks the format: Node's functions, at their defaults. */
const peers: Record<CodecName, { compress: (bytes: Uint8Array) => Buffer; decompress: (bytes: Uint8Array) => Buffer }> =
  {
    zstd: { compress: (bytes) => zlib.zstdCompressSync(bytes), decompress: (bytes) => zlib.zstdDecompressSync(bytes) },
    deflate: { compress: (bytes) => zlib.deflateRawSync(bytes), decompress: (bytes) => zlib.inflateRawSync(bytes) },
    brotli: {
      compress: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
      decompress: (bytes) => zlib.brotliDecompressSync(bytes),
    },
  };

/** Half of it can be compressed. */
function sample(sizeBytes: number): Buffer {
  const noise = randomBytes(Math.ceil(sizeBytes / 2));
  return Buffer.from(noise.toString('hex')).subarray(0, sizeBytes);
}

function* cut(bytes: Uint8Array, pieceBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function collected(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks));
}

function exactly(bytes: Uint8Array): Expected {
  return { bytesMax: bytes.byteLength, bytesMin: bytes.byteLength };
}

describe.each(Object.values(all).map((codec) => [codec.name, codec] as const))('%s', (name, codec) => {
  const peer = peers[name];

  test.each([0, 1, 1000, 131_072, 131_073, 1_000_000, 5_000_000])('brings back %d bytes', async (sizeBytes) => {
    const bytes = sample(sizeBytes);
    for (const pieceBytes of [sizeBytes + 1, 50_001]) {
      const compressed = await collected(codec.compress(cut(bytes, pieceBytes), sizeBytes));
      expect(peer.decompress(compressed).equals(bytes)).toBe(true);
      expect(compressed.byteLength).toBeLessThan(sizeBytes * 0.7 + 100);
      const back = await collected(codec.decompress(cut(compressed, pieceBytes), exactly(bytes)));
      expect(back.equals(bytes)).toBe(true);
    }
    expect(memory.takenBytes).toBe(0);
  });

  test.each([0, 1, 1000, 200_000])('brings back %d bytes at once', (sizeBytes) => {
    const bytes = sample(sizeBytes);
    const compressed = codec.compressBytes(bytes);
    expect(peer.decompress(compressed).equals(bytes)).toBe(true);
    expect(Buffer.from(codec.decompressBytes(compressed, exactly(bytes))).equals(bytes)).toBe(true);
  });

  test.each([1000, 300_000])('takes what others compressed, %d bytes, however it is cut', async (sizeBytes) => {
    const bytes = sample(sizeBytes);
    const compressed = peer.compress(bytes);
    expect(Buffer.from(codec.decompressBytes(compressed, exactly(bytes))).equals(bytes)).toBe(true);
    for (const pieceBytes of [sizeBytes > 1000 ? 997 : 1, 65_536]) {
      const back = await collected(codec.decompress(cut(compressed, pieceBytes), exactly(bytes)));
      expect(back.equals(bytes)).toBe(true);
    }
  });

  test('takes no bytes at all for nothing', async () => {
    expect(codec.decompressBytes(Buffer.of(), { bytesMax: 0 })).toHaveLength(0);
    expect(await collected(codec.decompress([], { bytesMax: 10 ** 6 }))).toHaveLength(0);
  });

  const small = sample(2000);
  const large = sample(400_000);
  test.each<[string, RegExp, (good: Buffer) => Buffer, ((bytes: Buffer) => Expected)?]>([
    ['holds a byte too much', /it holds more than \d+ bytes/, (good) => good, (b) => ({ bytesMax: b.byteLength - 1 })],
    [
      'holds far too much',
      /it holds more than 1500 bytes|for at most 1500/,
      (good) => good,
      () => ({ bytesMax: 1500 }),
    ],
    [
      'holds a byte too little',
      /it holds \d+ bytes instead of \d+/,
      (good) => good,
      (b) => ({ bytesMax: b.byteLength + 1, bytesMin: b.byteLength + 1 }),
    ],
    ['is nothing where there should be something', /it holds 0 bytes instead of/, () => Buffer.of()],
    ['is cut off', /end/, (good) => good.subarray(0, -1)],
    ['is cut in two', /end/, (good) => good.subarray(0, good.byteLength / 2)],
    ['has a byte after its end', /follow|frame/, (good) => Buffer.concat([good, Buffer.of(1)])],
    ['has much after its end', /follow|frame/, (good) => Buffer.concat([good, Buffer.alloc(60_000, 7)])],
    ['is none', /./, () => Buffer.alloc(300, 0xff)],
    ['is endless padding', /./, (good) => Buffer.concat([good, Buffer.alloc(1_000_000)])],
  ])('refuses a stream that %s', async (_, why, spoil, expected = exactly) => {
    for (const bytes of [small, large]) {
      const spoilt = spoil(peer.compress(bytes));
      const refusal = { code: 'invalid_argument', message: expect.stringMatching(why) };
      expect(() => codec.decompressBytes(spoilt, expected(bytes))).toThrow(expect.objectContaining(refusal));
      for (const pieceBytes of [1_000_000, 1009]) {
        const decompressing = collected(codec.decompress(cut(spoilt, pieceBytes), expected(bytes)));
        await expect(decompressing).rejects.toMatchObject(refusal);
      }
      const atRest = { ...expected(bytes), code: 'data_loss' } as const;
      expect(() => codec.decompressBytes(spoilt, atRest)).toThrow(expect.objectContaining({ code: 'data_loss' }));
    }
    expect(memory.takenBytes).toBe(0);
  });

  test('refuses changed bytes, or gives others, and nothing else happens', async () => {
    const bytes = sample(3000);
    const good = codec.compressBytes(bytes);
    const at = fc.integer({ min: 0, max: good.byteLength - 1 });
    await fc.assert(
      fc.asyncProperty(at, fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, change, isStream) => {
        const spoilt = Buffer.from(good);
        spoilt.writeUInt8((spoilt.readUInt8(at) + change) % 256, at);
        await expectBytesOrRefusal(codec, spoilt, isStream ? 10 ** 6 : 3000);
      }),
      { numRuns: 300 },
    );
  });

  test('refuses any bytes, or gives some', async () => {
    const anything = fc.uint8Array({ maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(anything, fc.boolean(), (bytes, isStream) =>
        expectBytesOrRefusal(codec, bytes, isStream ? 10 ** 6 : 1000),
      ),
      { numRuns: 500 },
    );
    expect(memory.takenBytes).toBe(0);
  });

  test('fails as its chunks do, and lets go of them', async () => {
    let isOpen = true;
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield sample(200_000);
        throw new Failure('unavailable', 'far: gone');
      } finally {
        isOpen = false;
      }
    };
    const gone = { code: 'unavailable', message: 'far: gone' };
    await expect(collected(codec.compress(chunks(), 10 ** 6))).rejects.toMatchObject(gone);
    expect(isOpen).toBe(false);
    const compressed = async function* (): AsyncGenerator<Uint8Array> {
      yield peer.compress(sample(10)).subarray(0, 5);
      throw new Failure('unavailable', 'far: gone');
    };
    await expect(collected(codec.decompress(compressed(), { bytesMax: 10 ** 6 }))).rejects.toMatchObject(gone);
    await expect(collected(codec.decompress(compressed(), { bytesMax: 10 }))).rejects.toMatchObject(gone);
    expect(memory.takenBytes).toBe(0);
  });

  test('lets go when it is left in the middle', async () => {
    const bytes = sample(2_000_000);
    let pulled = 0;
    const counted = function* (chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
      for (const chunk of chunks) {
        pulled += chunk.byteLength;
        yield chunk;
      }
    };
    const streams = [
      codec.compress(counted(cut(bytes, 10_000)), bytes.byteLength),
      codec.decompress(counted(cut(peer.compress(bytes), 10_000)), exactly(bytes)),
    ];
    for (const stream of streams) {
      pulled = 0;
      await stream.next();
      expect(memory.takenBytes).toBeGreaterThan(0);
      await stream.return(undefined);
      expect(memory.takenBytes).toBe(0);
      expect(pulled).toBeLessThan(1_500_000); // Nothing is read far ahead of who takes it.
    }
  });

  test('gives what a bomb holds piece by piece', async () => {
    const bomb = peer.compress(Buffer.alloc(64 * 2 ** 20));
    let bytes = 0;
    const bombBytes = { bytesMax: 64 * 2 ** 20 };
    for await (const chunk of codec.decompress([bomb], bombBytes)) {
      bytes += chunk.byteLength;
      expect(chunk.byteLength).toBeLessThanOrEqual(256 * 1024);
    }
    expect(bytes).toBe(bombBytes.bytesMax);
  });
});

async function expectBytesOrRefusal(codec: Codec, bytes: Uint8Array, bytesMax: number): Promise<void> {
  try {
    const got = await collected(codec.decompress([bytes], { bytesMax }));
    expect(got.byteLength).toBeLessThanOrEqual(bytesMax);
  } catch (reason) {
    expect(reason).toBeInstanceOf(Failure);
    expect(reason).toMatchObject({ code: 'invalid_argument' });
  }
}
