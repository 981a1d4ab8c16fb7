import { randomBytes } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ZstdFrames } from './zstd-frames.ts';

const refuse = (why: string): never => {
  throw new Error(why);
};

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const noise = randomBytes(300_000);
const text = Buffer.from(noise.toString('hex'));

/** Frames of every kind: with and without a checksum and a size, of blocks of every kind. */
const frames: Record<string, Buffer> = {
  'of nothing': hex('28b52ffd 2000 010000'),
  'of nothing, with a checksum': hex('28b52ffd 2400 010000 99e9d851'),
  'of a few bytes': zstdCompressSync('hello'),
  'of bytes that repeat': zstdCompressSync(Buffer.alloc(300_000, 7)),
  'of bytes that do not': zstdCompressSync(noise),
  'of text': zstdCompressSync(text),
  'with a checksum': zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
  'without a size': zstdCompressSync(text, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } }),
  skippable: hex('502a4d18 03000000 aabbcc'),
  'skippable, of nothing': hex('5f2a4d18 00000000'),
};

function piecesOf(stream: Uint8Array, cutBytes: number): Buffer[] {
  const cut = new ZstdFrames(refuse);
  const pieces: Buffer[] = [];
  for (let at = 0; at < stream.byteLength; at += cutBytes) {
    for (const piece of cut.pieces(stream.subarray(at, at + cutBytes))) pieces.push(Buffer.from(piece));
  }
  cut.end();
  return pieces;
}

describe('ZstdFrames', () => {
  test.each(Object.entries(frames))('finds the end of a frame %s', (_, frame) => {
    const pieces = piecesOf(frame, frame.byteLength);
    expect(pieces).toHaveLength(1);
    expect(pieces[0]?.equals(frame)).toBe(true);
    expect(Buffer.concat(piecesOf(frame, 1)).equals(frame)).toBe(true);
    expect(() => piecesOf(frame.subarray(0, -1), frame.byteLength)).toThrow('it ends inside a frame');
  });

  test('finds the ends of any frames, however the stream is cut', () => {
    const some = fc.array(fc.constantFrom(...Object.values(frames)), { maxLength: 8 });
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 1000 }), (some, cutBytes) => {
        const stream = Buffer.concat(some);
        const pieces = piecesOf(stream, stream.byteLength + 1);
        expect(pieces.map(({ byteLength }) => byteLength)).toEqual(some.map(({ byteLength }) => byteLength));
        expect(Buffer.concat(piecesOf(stream, cutBytes)).equals(stream)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ['28b52ffd 00 58', 2 * 2 ** 20],
    ['28b52ffd 00 5b', 2.75 * 2 ** 20],
    ['28b52ffd 20 05', 5],
    ['28b52ffd 60 0500', 261],
    ['28b52ffd a0 00000100', 65_536],
    ['28b52ffd e0 0000010000000000', 65_536],
    ['28b52ffd 23 01020304 05', 5],
    ['28b52ffd 00 88', 128 * 2 ** 20],
  ])('knows the window that %s asks for', (begin, windowBytes) => {
    const cut = new ZstdFrames(refuse);
    Array.from(cut.pieces(hex(begin)));
    expect(cut.windowBytes).toBe(windowBytes);
  });

  test.each([
    ['28b52ffd 00 89', 'a window of 150994944 bytes; 134217728 is the most'],
    ['28b52ffd 00 ff', /a window of \d+ bytes/],
    ['28b52ffd e0 ffffffffffffffff', /a window of \d+ bytes/],
    ['78787878', '78787878 where a frame begins'],
    ['28b52ffd 2000 010000 00000000', '00000000 where a frame begins'],
    ['28b52ffd 2000 070000', 'a block of kind 3 and 0 bytes'],
    ['28b52ffd 2000 0d0010', 'a block of kind 2 and 131073 bytes'],
  ])('refuses %s', (stream, why) => {
    expect(() => piecesOf(hex(stream), 1000)).toThrow(why);
  });

  test('refuses more frames than anybody needs', () => {
    const nothing = frames['of nothing'] ?? Buffer.of();
    expect(piecesOf(Buffer.concat(Array(16).fill(nothing)), 1000)).toHaveLength(16);
    const why = '17 frames in 153 bytes, fewer than 256 for each';
    expect(() => piecesOf(Buffer.concat(Array(17).fill(nothing)), 1000)).toThrow(why);
    const some = Buffer.concat(Array(1000).fill(zstdCompressSync(noise.subarray(0, 300))));
    expect(piecesOf(some, some.byteLength)).toHaveLength(1000);
  });
});
