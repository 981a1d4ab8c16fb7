import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Digest } from '@gorego/digest';
import { NodeDisk } from '@gorego/platform';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { patterned } from '../../testing/index.ts';
import { Segment } from './segment.ts';
import { SegmentRecord } from './segment-record.ts';
import { recordsIn } from './segment-scan.ts';
import type { Place } from './segment-writer.ts';
import { Segments } from './segments.ts';

let root: string;
let disk: NodeDisk;
const opened: Segments[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gorego-segments-'));
  disk = new NodeDisk(root);
});
afterEach(async () => {
  for (const segments of opened.splice(0)) await segments.close();
  await rm(root, { recursive: true, force: true });
});

async function open(segmentBytes = 10_000, durability: 'process' | 'power' = 'process'): Promise<Segments> {
  const segments = await Segments.open({ disk, segmentBytes, durability });
  opened.push(segments);
  return segments;
}

const headerOf = (body: Uint8Array): Buffer =>
  SegmentRecord.encode({
    ...{ kind: 'blob', digest: Digest.ofBytes(body), instance: '', encoding: 0, check: 0, written: 0 },
    bodyBytes: body.byteLength,
  });

const put = (segments: Segments, body: Uint8Array): Promise<Place> => segments.append(headerOf(body), body);

async function bodyAt(segments: Segments, { segment, offset }: Place, body: Uint8Array): Promise<Uint8Array> {
  const at = offset + headerOf(body).byteLength;
  const now = segments.readRecent(segment, at, body.byteLength);
  const later = await segments.read(segment, at, body.byteLength);
  if (now !== undefined) expect(now).toEqual(later);
  return later as Uint8Array;
}

async function digestsIn(segments: Segments, from = 0): Promise<Digest[]> {
  const digests: Digest[] = [];
  for (const segment of segments.all) {
    for await (const { header } of recordsIn(segment, from)) digests.push(header.digest);
  }
  return digests;
}

const bodies = Array.from({ length: 60 }, (_, i) => patterned(i * 40, i));

describe('Segments', () => {
  test.each(['process', 'power'] as const)('keep what many bring at once, %s', async (durability) => {
    const segments = await open(10_000, durability);
    const places = await Promise.all(bodies.map((body) => put(segments, body)));
    for (const [i, body] of bodies.entries()) {
      expect(Buffer.compare(await bodyAt(segments, places[i] as Place, body), body)).toBe(0);
    }
    expect(segments.all.length).toBeGreaterThan(4);
    expect(Math.max(...segments.all.map(({ lengthBytes }) => lengthBytes))).toBeLessThanOrEqual(10_000);
  });

  test('are found again by a later start, each record at its place', async () => {
    const first = await open();
    for (const body of bodies) await put(first, body);
    await writeFile(join(root, 'segments', 'a stranger'), 'x');
    const second = await open();
    expect(await digestsIn(second)).toEqual(bodies.map((body) => Digest.ofBytes(body)));
  });

  test('a torn tail is none of theirs, and is cut before more is written', async () => {
    const first = await open(1_000_000);
    for (const body of bodies.slice(1)) await put(first, body);
    const [segment] = first.all as [Segment];
    await truncate(join(root, Segment.path(1)), segment.lengthBytes - 10);
    const second = await open(1_000_000);
    const expected = bodies.slice(1, -1).map((body) => Digest.ofBytes(body));
    expect(await digestsIn(second)).toEqual(expected);
    const [found] = second.all as [Segment];
    await found.cut(segment.lengthBytes - headerOf(patterned(1)).byteLength - (bodies.length - 1) * 40);
    second.continueLast();
    await put(second, patterned(77));
    expect(await digestsIn(second)).toEqual([...expected, Digest.ofBytes(patterned(77))]);
    expect(second.all).toHaveLength(1);
  });

  test('can be gone through from anywhere, over windows of any fit', async () => {
    const segments = await open(100_000_000);
    const large = Array.from({ length: 30 }, (_, i) => patterned(50_000, i));
    for (const body of large) await put(segments, body);
    const all = large.map((body) => Digest.ofBytes(body));
    expect(await digestsIn(segments)).toEqual(all);
    expect(await digestsIn(segments, 1)).toEqual(all.slice(1));
    expect(await digestsIn(segments, 49_000)).toEqual(all.slice(1));
  });

  test('dropped ones are gone at once, but for who is reading', async () => {
    const segments = await open(1000);
    const places = [];
    for (const body of bodies.slice(30, 34)) places.push(await put(segments, body));
    const [place] = places as [Place];
    const body = bodies[30] as Uint8Array;
    const reading = bodyAt(segments, place, body);
    await segments.drop(place.segment);
    expect(Buffer.compare(await reading, body)).toBe(0);
    expect(await segments.read(place.segment, place.offset, 1)).toBeUndefined();
    expect(segments.readRecent(place.segment, place.offset, 1)).toBeUndefined();
    expect(await disk.stat(Segment.path(place.segment))).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(segments.diskBytes).toBe(segments.all.length * 4096);
  });

  test('a segment that has been cut short says so', async () => {
    const segments = await open();
    const place = await put(segments, patterned(5000));
    await truncate(join(root, Segment.path(place.segment)), 1000);
    await expect(segments.read(place.segment, 0, 5000)).rejects.toMatchObject({ code: 'data_loss' });
    expect(() => segments.readRecent(place.segment, 0, 5000)).toThrow(expect.objectContaining({ code: 'data_loss' }));
  });
});
