import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FrameReader } from './frame-reader.ts';
import { flag, frame, frameType, preface } from './frames.ts';

/** Everything a reader told, the parts of one DATA frame put together. */
function readingOf(chunks: readonly Uint8Array[], frameBytesMax = 16_384): string[] {
  const told: string[] = [];
  let data = '';
  const reader = new FrameReader(
    {
      onDataBegin: (stream, flowBytes) => {
        data = `DATA ${stream} of ${flowBytes}: `;
      },
      onData: (_, bytes) => {
        data += bytes.toString();
      },
      onDataEnd: (_, paddingBytes, isEnd) =>
        told.push(`${data}; ${paddingBytes} of padding${isEnd ? '; the end' : ''}`),
      onFrame: (type, flags, stream, payload) => told.push(`${type} ${flags} ${stream}: ${payload}`),
    },
    frameBytesMax,
  );
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return told;
}

const frames: readonly (readonly [Buffer, string])[] = [
  [frame(frameType.settings, 0, 0, Buffer.of()), '4 0 0: '],
  [frame(frameType.data, 0, 1, Buffer.from('some data')), 'DATA 1 of 9: some data; 0 of padding'],
  [frame(frameType.data, flag.endStream, 3, Buffer.of()), 'DATA 3 of 0: ; 0 of padding; the end'],
  [frame(frameType.data, flag.padded, 5, Buffer.from('\x02ab--')), 'DATA 5 of 5: ab; 3 of padding'],
  [frame(frameType.data, flag.padded, 5, Buffer.from('\0')), 'DATA 5 of 1: ; 1 of padding'],
  [frame(frameType.data, flag.padded | 1, 5, Buffer.from('\x02--')), 'DATA 5 of 3: ; 3 of padding; the end'],
  [frame(frameType.ping, 0, 0, Buffer.from('12345678')), '6 0 0: 12345678'],
  [frame(0xaa, 0xff, 0x7fff_ffff, Buffer.from('unknown')), '170 255 2147483647: unknown'],
];

describe('FrameReader', () => {
  test('reads frames, however they are cut', () => {
    const chosen = fc.array(fc.constantFrom(...frames), { maxLength: 10 });
    fc.assert(
      fc.property(chosen, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }), (chosen, cuts) => {
        const bytes = Buffer.concat([preface, ...chosen.map(([bytes]) => bytes)]);
        const chunks: Buffer[] = [];
        for (let at = 0, i = 0; at < bytes.byteLength; i++) {
          const end = at + (cuts[i % cuts.length] ?? 1);
          chunks.push(bytes.subarray(at, end));
          at = end;
        }
        expect(readingOf(chunks)).toEqual(chosen.map(([, told]) => told));
      }),
    );
  });

  test('ignores the bit in front of a stream’s number', () => {
    const bytes = frame(0xaa, 0, 1, Buffer.of());
    bytes[5] = 0x80;
    expect(readingOf([preface, bytes])).toEqual(['170 0 1: ']);
  });

  test.each([
    ['another preface', [Buffer.from('PRI * HTTP/2.0\r\n\r\nSN')], 1, 'it does not begin as HTTP/2 does'],
    ['a frame too large', [preface, Buffer.from('004001000000000001', 'hex')], 6, 'a frame of 16385 bytes'],
    [
      'too much padding',
      [preface, frame(0, flag.padded, 1, Buffer.from('\x03ab'))],
      1,
      '3 bytes of padding in a frame of 3',
    ],
  ])('refuses %s', (_, chunks, code, message) => {
    expect(() => readingOf(chunks)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
