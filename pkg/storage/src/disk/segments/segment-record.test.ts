import { Digest } from '@gorego/digest';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { patterned } from '../../testing/index.ts';
import { type Found, headerBytesMax, type RecordHeader, SegmentRecord } from './segment-record.ts';

const digest = Digest.ofBytes(patterned(100));
const header = (more: Partial<RecordHeader> = {}): RecordHeader => ({
  kind: 'blob',
  digest,
  instance: '',
  encoding: 0,
  bodyBytes: 100,
  check: 0,
  written: 1_800_000_000,
  ...more,
});

/** A record with its body. */
const record = (of: RecordHeader, fill = 0): Buffer =>
  Buffer.concat([SegmentRecord.encode(of), Buffer.alloc(of.bodyBytes, fill)]);

const found = (bytes: Uint8Array, from = 0): Found => SegmentRecord.find(bytes, from, bytes.byteLength);

describe('SegmentRecord', () => {
  test.each([
    header(),
    header({ kind: 'action', instance: 'a/ü/b', check: 0xdeadbeef, bodyBytes: 0 }),
    header({ digest: Digest.of('sha256', Digest.hex(digest), 5_000_000_000_000), encoding: 1 }),
  ])('reads what it wrote: %j', (written) => {
    const bytes = record(written);
    const read = found(bytes);
    expect(read).toEqual({
      kind: 'record',
      header: written,
      offset: 0,
      bodyOffset: SegmentRecord.headerBytes(written),
    });
    expect(bytes.byteLength).toBe(SegmentRecord.headerBytes(written) + written.bodyBytes);
  });

  test('knows how much more it needs to see', () => {
    const bytes = record(header());
    for (let length = 0; length < bytes.byteLength; length++) {
      const read = found(bytes.subarray(0, length));
      expect(read.kind).toBe(length < SegmentRecord.headerBytes(header()) ? 'incomplete' : 'record');
    }
  });

  test('a damaged header costs that record alone', () => {
    fc.assert(
      fc.property(fc.nat(SegmentRecord.headerBytes(header()) - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = record(header(), 7);
        damaged[at] = (damaged[at] as number) ^ flip;
        const next = record(header({ written: 5 }));
        const bytes = Buffer.concat([damaged, next, Buffer.alloc(headerBytesMax)]);
        expect(found(bytes)).toMatchObject({ kind: 'record', offset: damaged.byteLength, header: { written: 5 } });
      }),
    );
  });

  test('finds nothing in what is not a segment', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (noise) => {
        expect(found(noise).kind).toBe('incomplete');
      }),
    );
  });

  test('is not taken in by a body that looks like a record', () => {
    const inner = record(header({ written: 1 }));
    const outer = header({ bodyBytes: inner.byteLength });
    const bytes = Buffer.concat([SegmentRecord.encode(outer), inner, record(header({ written: 2 }))]);
    const first = found(bytes);
    expect(first).toMatchObject({ kind: 'record', offset: 0 });
    const second = found(bytes, SegmentRecord.headerBytes(outer) + inner.byteLength);
    expect(second).toMatchObject({ kind: 'record', header: { written: 2 } });
  });
});
